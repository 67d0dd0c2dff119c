"""Hostile streams: what becomes of each byte, and at which cost.

A row is a sentence and the parts of one connection's stream, each marked as what it must become: an event, a reject, or
bytes that are passed over. Rows are told apart by the address that they are sent from: all of 127/8 is this machine.
"""
import contextlib
import itertools
import random
import re
import socket
import time
import zlib

from support.environment import IS_SANITIZED, size
from support.tap import main
from support.waiting import wait_for

MIB = 1 << 20
ENDLESS = size("HOSTILE_ENDLESS_BYTES", 40 * MIB, 9 * MIB)
PARTS = size("HOSTILE_PARTS", 10, 3)  # of 1 MiB each: a gap is reported in these
SILENCE = 10  # seconds after which a sender counts as silent: nothing is reported later
SLACK = 20 if IS_SANITIZED else 2
SOON = 8  # seconds: what need not wait for the silence
KEPT_WHOLE = 65536  # of longer parts only the length and the beginning are compared


class Flood:
    """Many bytes that are never all in memory: a beginning, `unit` until about `length` bytes are reached, an end."""

    def __init__(self, begin, unit, length, end=b""):
        self.begin, self.unit, self.end = begin, unit, end
        self.times = max(0, length - len(begin) - len(end)) // len(unit)

    def __len__(self):
        return len(self.begin) + len(self.unit) * self.times + len(self.end)

    def chunks(self):
        at_once = max(1, 65536 // len(self.unit))
        block = self.unit * at_once
        yield self.begin
        for _ in range(self.times // at_once):
            yield block
        yield self.unit * (self.times % at_once) + self.end


class Part:
    def __init__(self, kind, data, uid=None, text=None, reason=None, word=""):
        self.kind, self.data, self.uid, self.text, self.reason, self.word = kind, data, uid, text, reason, word

    def chunks(self):
        return self.data.chunks() if isinstance(self.data, Flood) else [self.data]

    def start(self, length):
        """Its first bytes."""
        start = b""
        for chunk in self.chunks():
            start += chunk
            if len(start) >= length:
                break
        return start[:length]


def event(data, uid=None, text=None):
    """`uid` as its first <cn> says, `text` as the bytes say, unless they are given."""
    if uid is None and not isinstance(data, Flood) and (found := re.search(rb"<cn>([^<]*)</cn>", data)):
        uid = found[1].decode()
    return Part("event", data, uid=uid, text=text)


def reject(reason, data, word=""):
    return Part("reject", data, reason=reason, word=word)


def skip(data):
    return Part("skip", data)


def in_parts(begin, unit, parts=PARTS):
    """A gap that is larger than MAX_MESSAGE_SIZE: parts of that size. A unit is 16 bytes that neither begin nor end with a
    separator, so the next part begins where the one before ends."""
    assert len(unit) == 16 and len(begin) % 16 == 0
    return [reject("stray_bytes", Flood(begin if number == 0 else b"", unit, MIB)) for number in range(parts)]


def inner(content):
    return b"<EVENT><cn>1</cn>%s</EVENT>" % content


def malformed(content, word="line 1, column "):
    """An event that holds this is not well-formed."""
    return [GOOD, reject("malformed", inner(content), word), OTHER]


def not_utf8(content):
    return [GOOD, reject("encoding", inner(content), "not UTF-8"), OTHER]


def declared(encoding, content, text):
    """An event in a declared encoding, and one in UTF-8 after it."""
    return [skip(b'<?xml version="1.0" encoding="%s"?>' % encoding),
            event(b"<EVENT><cn>%s</cn></EVENT>" % content, uid=text, text=f"<EVENT><cn>{text}</cn></EVENT>"),
            skip(b'<?xml version="1.0"?>'), event("<EVENT><cn>é</cn></EVENT>".encode(), uid="é")]


def wrongly_declared(encoding, content, word):
    return [skip(b'<?xml version="1.0" encoding="%s"?>' % encoding), reject("encoding", inner(content), word),
            skip(b'<?xml version="1.0"?>'), OTHER]


def wide(order, text="<EVENT><cn>é</cn></EVENT>"):
    """An event in UTF-16, `order` is `le` or `be`."""
    return event(text.encode(f"utf-16-{order}"), uid="é", text=text)


def with_doctype(doctype, content=b""):
    return [GOOD, reject("doctype", doctype + inner(content), "document type"), OTHER]


def nested(depth):
    return b"<EVENT>" + b"<a>" * (depth - 1) + b"</a>" * (depth - 1) + b"</EVENT>"


def attributes(count):
    return b"<EVENT%s/>" % b"".join(b" a%d=''" % i for i in range(count))


GOOD = event(b"<EVENT><cn>good</cn></EVENT>")
OTHER = event(b"<EVENT><cn>other</cn></EVENT>")
LONG_EVENT = event(b"<EVENT><cn>long</cn><a>%s</a></EVENT>" % (b"x" * 1000))
LAUGHS = b"<!DOCTYPE EVENT [<!ENTITY a0 'lol'>%s]>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10))
EMPTY = event(b"<EVENT/>")
CUT = "began before"
FOUND = "1 event was found"
UNKNOWN = "EVENT_ELEMENT does not name"
ENDED = "connection ended"
CROWD = "more than 256 attributes"
LONG = "more than 1024 bytes"

BETWEEN = [
    ("nothing stands between events", [GOOD, OTHER, GOOD]),
    ("white space stands between events", [skip(b" \r\n"), GOOD, skip(b"\t\n\n"), OTHER, skip(b"\n")]),
    ("NUL stands between events", [skip(b"\0"), GOOD, skip(b"\0\0\n\0"), OTHER, skip(b"\0")]),
    ("a byte order mark stands before each event", [skip(b"\xEF\xBB\xBF"), GOOD, skip(b"\xEF\xBB\xBF"), OTHER]),
    ("an XML declaration stands before each event",
     [skip(b'<?xml version="1.0"?>'), GOOD, skip(b"<?xml version='1.0' standalone='yes' ?>\r\n"), OTHER]),
    ("mark, declaration and NUL mix",
     [skip(b'\xEF\xBB\xBF<?xml version="1.0"?>\n\0'), GOOD, skip(b"\0\xEF\xBB\xBF"), OTHER]),
    ("a comment stands between events", [GOOD, skip(b"<!-- a - b -->"), OTHER]),
    ("a closed comment between events holds one",
     [GOOD, reject("stray_bytes", b"<!--<EVENT><cn>no</cn></EVENT>-->"), OTHER]),
    ("a comment of 4 KB stands between events", [GOOD, skip(b"<!--%s-->" % (b"c" * 4089)), OTHER]),
    ("a comment of more than 4 KB stands between events",
     [GOOD, reject("stray_bytes", b"<!--%s-->" % (b"c" * 4090)), OTHER]),
    ("framing bytes of STX and MLLP stand around events",
     [skip(b"\x02"), GOOD, skip(b"\x03\x0B"), OTHER, skip(b"\x1C\r\x01\x04")]),
    ("an instruction stands between events", [GOOD, skip(b"<?p a > b ?>"), OTHER]),
    ("an instruction between events hides none",
     [GOOD, reject("stray_bytes", b"<?p "), OTHER, reject("stray_bytes", b"?>")]),
    ("a value between events hides none",
     [GOOD, reject("stray_bytes", b"<a b='"), OTHER, reject("stray_bytes", b"'>"), GOOD]),
    ("other elements stand around events",
     [skip(b"<EVENTS a='>' b=\"'\">"), GOOD, skip(b"<x>"), OTHER, skip(b"</x></EVENTS >")]),
    ("empty elements stand in a wrapper", [skip(b"<x><a/>"), GOOD, skip(b"<EVENTS/><b></b>"), OTHER, skip(b"</x>")]),
    ("empty elements stand between events",
     [reject("unknown_element", b"<a/>", UNKNOWN), GOOD, reject("unknown_element", b"<EVENTS/>", UNKNOWN),
      reject("unknown_element", b"<b c='d' />", UNKNOWN), OTHER]),
    ("an element in a wrapper has attributes",
     [skip(b"<x>"), GOOD, reject("unknown_element", b"<a b='c'/>", UNKNOWN), OTHER, skip(b"</x>")]),
    ("elements with texts stand between events",
     [GOOD, reject("unknown_element", b"<Event><cn>1</cn></Event>", "the element Event"), OTHER]),
    ("names that begin like the event's are other names",
     [skip(b"<EVENTS><EVENT-LOG><EVENT.x><EVENT_><EVENT2><EVENT:x><p:EVENT>"), GOOD,
      skip("<EVENTé></EVENTé>".encode()), OTHER]),
    ("another case is another name",
     [skip(b"<event>"), GOOD, skip(b"</event>"), reject("unknown_element", b"<Event/>", "the element Event"), OTHER]),
    ("white space goes on for long", [skip(Flood(b"", b" \r\n\t\0", 3 * MIB)), GOOD]),
    ("a comment between events is larger than an event may be",
     [*in_parts(b"<!-- begins here", b"- > --- ] ]]> -.", 3), reject("stray_bytes", b"-->"), GOOD]),
    ("nothing at all", []),
]

INSIDE = [
    ("an end tag has white space", [event(b"<EVENT><cn>1</cn></EVENT >"), event(b"<EVENT><cn>2</cn></EVENT\r\n\t>")]),
    ("an event is an empty element", [event(b"<EVENT/>"), event(b"<EVENT />"), event(b"<EVENT a='/' b=\">\"/>"), GOOD]),
    ("attributes hold brackets", [event(b"<EVENT a='/EVENT>' b=\"/>\"><cn c='>'>1</cn></EVENT>", uid="1"), GOOD]),
    ("an attribute holds a start tag",
     [reject("cut_off", b"<EVENT a='", CUT), EMPTY, reject("stray_bytes", b"'/>"), GOOD]),
    ("an attribute holds the end tag", [reject("malformed", b"<EVENT a='</EVENT>'/>", "Unescaped '<'"), GOOD]),
    ("a CDATA section holds markup", [event(inner(b"<![CDATA[</EVENT><EVENT>]] >]]>")), GOOD]),
    ("a comment holds markup", [event(inner(b"<!--</EVENT><EVENT> - ->-->")), GOOD]),
    ("an instruction holds an end tag", [event(inner(b"<?p </EVENT>?>")), GOOD]),
    ("brackets stand before a section's end", [event(inner(b"<![CDATA[]]]]>")), GOOD]),
    ("sections share a forbidden end", [event(inner(b"<![CDATA[]]]]><![CDATA[>]]>")), GOOD]),
    ("references stand in text and values",
     [event(inner(b"<a b='&lt;&#10;&quot;'>&amp;&#x1F600;&apos;&gt;</a>")), GOOD]),
    ("quotes and brackets stand in text", [event(inner(b"' \" > ]] ]>")), GOOD]),
    ("prefixes are declared", [event(inner(b"<p:a xmlns:p='u'><p:b p:c='1'/></p:a>")), GOOD]),
    ("characters of two, three and four bytes",
     [event(inner("é€😀".encode())), event("<EVENT><é ü='ß'/><cn>正面</cn></EVENT>".encode(), uid="正面")]),
    ("an element of the event's name in another name space", [event(inner(b"<p:EVENT xmlns:p='u'/>")), GOOD]),
    ("names like the event's stand inside", [event(inner(b"<EVENTS/><EVENT-LOG></EVENT-LOG>")), GOOD]),
    ("a value is longer than its column", [event(b"<EVENT><cn>%s</cn></EVENT>" % (b"x" * 300), uid="x" * 256), GOOD]),
    ("a child is repeated", [event(b"<EVENT><cn>1</cn><cn>2</cn></EVENT>", uid="1"), GOOD]),
    ("a child is deeper", [event(b"<EVENT><a><cn >1</cn></a></EVENT>"), GOOD]),
]

CUT_OFF = [
    ("the next event cuts off text", [reject("cut_off", b"<EVENT><cn>1", CUT), OTHER]),
    ("the next event cuts off its own name", [reject("stray_bytes", b"<EV"), OTHER]),
    ("the next event cuts off a name inside", [reject("cut_off", b"<EVENT><EV", CUT), OTHER]),
    ("the next event cuts off a start tag", [reject("cut_off", b"<EVENT a='1' ", CUT), OTHER]),
    ("the next event cuts off a value", [reject("cut_off", b"<EVENT><a b='1", CUT), OTHER]),
    ("the next event cuts off an end tag", [reject("cut_off", b"<EVENT></EVENT", CUT), OTHER]),
    ("the next event cuts off an instruction", [reject("cut_off", b"<EVENT><?p ", CUT), OTHER]),
    ("the next event cuts off a declaration that is no markup", [reject("cut_off", b"<EVENT><!ELEM", CUT), OTHER]),
    ("every event is cut off by the next", [reject("cut_off", b"<EVENT>", CUT)] * 20 + [OTHER]),
    ("a comment that is not closed is text in the end",
     [GOOD, reject("cut_off", b"<EVENT><!--", FOUND), EMPTY, reject("stray_bytes", b"</EVENT>")]),
    ("a section that is not closed is text in the end",
     [GOOD, reject("cut_off", b"<EVENT><![CDATA[", FOUND), EMPTY, reject("stray_bytes", b"</EVENT>")]),
    ("a comment in a field that is not closed hides nothing in the end",
     [GOOD, reject("malformed", inner(b"<a><!-- b</a>"), "50 events were found"), *[OTHER] * 50]),
    ("a section in a field that is not closed hides nothing in the end",
     [GOOD, reject("malformed", inner(b"<a><![CDATA[ b</a>"), "50 events were found"), *[OTHER] * 50]),
    ("a comment between events that is not closed hides nothing in the end",
     [GOOD, reject("stray_bytes", b"<!-- b", "50 events were found"), *[OTHER] * 50]),
    ("a declaration stands before the event that cuts off",
     [reject("cut_off", b"<EVENT><cn>1", CUT), skip(b"<?xml version='1.0' encoding='ISO-8859-1'?>\n"),
      event(b"<EVENT><cn>\xE9</cn></EVENT>", "é", "<EVENT><cn>é</cn></EVENT>")]),
    ("another event element cuts off", [reject("cut_off", b"<EVENT><a>", CUT), EMPTY, reject("stray_bytes", b"</a>")]),
    ("an event in UTF-16 is cut off by one of bytes",
     [reject("cut_off", "<EVENT><cn>1".encode("utf-16-le"), CUT), OTHER, wide("le"), GOOD]),
    ("an event in UTF-16 is cut off in the middle of a unit",
     [reject("cut_off", "<EVENT><cn>1".encode("utf-16-be") + b"\0", CUT), OTHER, wide("be"), GOOD]),
    ("an event of bytes is cut off by one in UTF-16",
     [reject("cut_off", b"<EVENT><cn>1", CUT), wide("le"), reject("cut_off", b"<EVENT><cn>1", CUT), wide("be"), GOOD]),
    ("the connection ends in text", [GOOD, reject("cut_off", b"<EVENT><cn>1</cn>", ENDED)]),
    ("the connection ends in a start tag", [GOOD, reject("cut_off", b"<EVENT a='", ENDED)]),
    ("the connection ends in an end tag", [GOOD, reject("cut_off", b"<EVENT></EVENT", ENDED)]),
    ("the connection ends in the event's name", [GOOD, reject("cut_off", b"<EVE", ENDED)]),
    ("the connection ends behind the event's name", [GOOD, reject("cut_off", b"<EVENT", ENDED)]),
    ("the connection ends in a comment", [GOOD, reject("stray_bytes", b"<!-- a --", "comment (<!--)")]),
    ("the connection ends in a declaration", [GOOD, reject("cut_off", b"<?xml version='1.0'", ENDED)]),
    ("the connection ends in a character", [GOOD, reject("cut_off", b"<EVENT>\xE2\x82", ENDED)]),
]

STRAY = [
    ("letters stand between events", [GOOD, reject("stray_bytes", b"abc", "between events"), OTHER]),
    ("letters stand before and behind all events",
     [reject("stray_bytes", b"abc"), GOOD, reject("stray_bytes", b"def")]),
    ("each run is one reject", [reject("stray_bytes", b"a"), GOOD, reject("unknown_element", b"b<x/>", "the element x"),
                                reject("stray_bytes", b"c"), OTHER]),
    ("binary garbage", [reject("stray_bytes", bytes(range(128, 239)) + bytes(range(1, 9))), GOOD]),
    ("long garbage", [*in_parts(b"", b"long \x80\xFF  garbage", 3), GOOD]),
    ("the event's end tag without its start", [GOOD, reject("stray_bytes", b"</EVENT>"), OTHER]),
    ("a CDATA section between events", [GOOD, reject("stray_bytes", b"<![CDATA[a]]>"), OTHER]),
    ("a '<' alone", [GOOD, reject("stray_bytes", b"<"), OTHER, reject("stray_bytes", b"< EVENT>"), GOOD]),
    ("tags that are none", [GOOD, reject("stray_bytes", b"<1><><a b><a b=c>"), OTHER]),
    ("half a byte order mark", [reject("stray_bytes", b"\xEF\xBB"), GOOD]),
    ("an HTTP request", [reject("looks_like_http", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP")]),
    ("an HTTP request with an event",
     [reject("looks_like_http", b"POST /events HTTP/1.1\r\nHost: a\r\n\r\n" + GOOD.data, "HTTP")]),
    ("an HTTP request whose chunks cut an event",
     [reject("looks_like_http", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n<EVENT><cn>good</\r\n"
             b"b\r\ncn></EVENT>\r\n0\r\n\r\n", "HTTP")]),
    ("an HTTP answer", [reject("looks_like_http", b"HTTP/1.1 200 OK\r\n\r\n" + GOOD.data, "HTTP")]),
    ("a PROXY header", [reject("stray_bytes", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2", "PROXY"), skip(b"\r\n"), GOOD]),
    ("a TLS handshake", [reject("looks_like_tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", "TLS")]),
]

MALFORMED = [
    ("tags do not match", malformed(b"<a></b>")),
    ("an ampersand stands alone", malformed(b"a & b")),
    ("an entity is unknown", malformed(b"&eacute;", "eacute")),
    ("a reference does not end", malformed(b"&amp")),
    ("a value has no quotes", malformed(b"<a b=c/>")),
    ("an attribute has no value", malformed(b"<a b/>")),
    ("an attribute stands twice", malformed(b"<a b='1' b='2'/>", "b redefined")),
    ("an attribute stands twice by its name space", malformed(b"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>")),
    ("no space stands between attributes", malformed(b"<a b='1'c='2'/>")),
    ("a '<' stands in a value", malformed(b"<a b='<'/>")),
    ("a prefix is not declared", malformed(b"<p:a/>", "prefix p ")),
    ("an attribute's prefix is not declared", malformed(b"<a p:b='1'/>", "prefix p ")),
    ("a prefix is declared as nothing", malformed(b"<a xmlns:p=''/>")),
    ("a name has two colons", malformed(b"<a:b:c xmlns:a='u'/>")),
    ("a name begins with a digit", malformed(b"<1a/>")),
    ("a ]]> stands in text", malformed(b"a ]]> b", "]]>")),
    ("a double hyphen stands in a comment", malformed(b"<!-- a -- b -->")),
    ("a declaration stands inside an event", malformed(b"<?xml version='1.0'?>")),
    ("an entity's declaration stands inside an event", malformed(b"<!ENTITY a 'b'>")),
    ("a NUL stands in text", malformed(b"a\0b", "line 1, column 19: character U+0000")),
    ("a NUL stands in a value", malformed(b"<a b='\0'/>", "U+0000")),
    ("a NUL stands in a section", malformed(b"<![CDATA[\0]]>", "U+0000")),
    ("a control character stands in text", malformed(b"\x01", "XML does not allow")),
    ("an escape stands in a value", malformed(b"<a b='\x1B'/>", "XML does not allow")),
    ("U+FFFE stands in text", malformed(b"\xEF\xBF\xBE", "XML does not allow")),
    ("U+FFFF stands in a section", malformed(b"<![CDATA[\xEF\xBF\xBF]]>", "XML does not allow")),
    ("a reference to NUL", malformed(b"&#0;", "XML does not allow")),
    ("a reference to a surrogate", malformed(b"&#xD800;", "XML does not allow")),
    ("a reference beyond Unicode", malformed(b"&#x110000;")),
    ("a section is not spelled so", malformed(b"<![cdata[]]>")),
    ("the vendor's printed example", malformed(b"<plasectrxPanel date>1</plasectrxPanel date>")),
]

DOCTYPE = [
    ("a DOCTYPE stands before an event", with_doctype(b"<!DOCTYPE EVENT>")),
    ("a DOCTYPE of an external file", with_doctype(b"<!DOCTYPE EVENT SYSTEM 'file:///etc/passwd'>")),
    ("an external entity", with_doctype(b"<!DOCTYPE EVENT [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", b"&a;")),
    ("an external parameter entity",
     with_doctype(b"<!DOCTYPE EVENT [<!ENTITY % a SYSTEM 'http://127.0.0.1:1/'> %a;]>")),
    ("a billion laughs", with_doctype(LAUGHS, b"&a9;")),
    ("a long entity used often", with_doctype(b"<!DOCTYPE EVENT [<!ENTITY a '%s'>]>" % (b"x" * 20000), b"&a;" * 20000)),
    ("an entity that holds itself", with_doctype(b"<!DOCTYPE EVENT [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>", b"&a;")),
    ("a DOCTYPE inside an event", [GOOD, reject("doctype", inner(b"<!DOCTYPE a>")), OTHER]),
    ("a DOCTYPE without an event", [GOOD, reject("doctype", b"<!DOCTYPE EVENT>")]),
    ("a DOCTYPE that does not end", [reject("doctype", b"<!DOCTYPE EVENT ["), OTHER]),
    ("a DOCTYPE that holds an event in a comment", with_doctype(b"<!DOCTYPE EVENT [<!-- <EVENT/> -->]>")),
    ("a DOCTYPE that holds an event in a value",
     [GOOD, reject("doctype", b"<!DOCTYPE EVENT [<!ENTITY a '"), EMPTY, reject("stray_bytes", b"'>]>"), OTHER]),
    ("a DOCTYPE that holds an event in an instruction",
     [GOOD, reject("doctype", b"<!DOCTYPE EVENT [<?p "), EMPTY, reject("stray_bytes", b"?>]>"), OTHER]),
    ("a DOCTYPE whose comment is not closed",
     [GOOD, reject("doctype", b"<!DOCTYPE EVENT [<!--", "2 events were found"), skip(b" "), EMPTY, OTHER]),
    ("a DOCTYPE in which the connection ends", [GOOD, reject("doctype", b"<!DOCTYPE EVENT [<!ENTITY a 'b'>")]),
    ("a DOCTYPE that hides its end", with_doctype(b"<!DOCTYPE EVENT [<!-- ]> ' --><!ENTITY a \"]>\">]>")),
]

ENCODINGS = [
    ("ISO-8859-1", declared(b"ISO-8859-1", b"M\xFCller", "Müller")),
    ("Windows-1252", declared(b"windows-1252", b"\x80 \x93a\x94", "€ “a”")),
    ("Shift_JIS", declared(b"Shift_JIS", b"\x90\xB3\x96\xCA", "正面")),
    ("UTF-8, declared", declared(b"UTF-8", "é".encode(), "é")),
    ("an encoding holds until the next declaration",
     [skip(b"<?xml version='1.0' encoding='ISO-8859-1'?>"),
      event(b"<EVENT><cn>\xE9</cn></EVENT>", "é", "<EVENT><cn>é</cn></EVENT>"), skip(b"\n"),
      event(b"<EVENT><cn>\xE8</cn></EVENT>", "è", "<EVENT><cn>è</cn></EVENT>")]),
    ("encodings mix in one stream",
     not_utf8(b"M\xFCller") + declared(b"ISO-8859-1", b"\xFC", "ü") + not_utf8(b"\xFC")),
    ("a byte is not ASCII though that is declared", wrongly_declared(b"US-ASCII", b"\xE9", "not in it")),
    ("a byte means nothing in the declared encoding", wrongly_declared(b"windows-1252", b"\x81", "not in it")),
    ("UTF-16 is declared in ASCII",
     [skip(b"<?xml version='1.0' encoding='utf-16'?>"), event("<EVENT><cn>é</cn></EVENT>".encode(), uid="é"), OTHER]),
    ("a byte order mark wins over the declaration",
     [skip(b"\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?>"),
      event("<EVENT><cn>é</cn></EVENT>".encode(), uid="é")]),
    ("EBCDIC is declared in ASCII", wrongly_declared(b"IBM037", b"", "not in it")),
    ("an unknown encoding", wrongly_declared(b"klingon", b"", "not known")),
    ("an encoding's name with an option", wrongly_declared(b"ISO-8859-1//TRANSLIT", b"", "cannot be one")),
    ("attributes that only a decoder sees", [
        skip(b"<?xml version='1.0' encoding='UTF-7'?>"),
        reject("malformed", b"<EVENT%s/>" % b"".join(b" a%d+AD0AIgAi-" % i for i in range(20000)), CROWD)]),
    ("a surrogate alone", not_utf8(b"\xED\xA0\x80")),
    ("a pair of surrogates as in CESU-8", not_utf8(b"\xED\xA0\xBD\xED\xB8\x80")),
    ("an overlong slash", not_utf8(b"\xC0\xAF")),
    ("an overlong NUL", not_utf8(b"\xC0\x80")),
    ("an overlong character in a section", not_utf8(b"<![CDATA[\xE0\x80\xAF]]>")),
    ("a character above Unicode", not_utf8(b"\xF4\x90\x80\x80")),
    ("a character cut short before a tag", not_utf8(b"<a>\xE2\x82</a>")),
    ("a character cut short in a value", not_utf8(b"<a b='\xC3'/>")),
    ("a continuation alone", not_utf8(b"\x80")),
    ("a byte that is never UTF-8", not_utf8(b"\xFF")),
    ("UTF-16 with its byte order mark", [skip(b"\xFF\xFE"), wide("le"), wide("le"), skip(b"\n\0")]),
    ("UTF-16 without one", [wide("le"), skip(b"\r\0\n\0"), wide("le")]),
    ("UTF-16 of the other byte order", [skip(b"\xFE\xFF"), wide("be"), skip(b"\0\n"), wide("be")]),
    ("UTF-16 after bytes and bytes after UTF-16", [GOOD, wide("le"), OTHER, wide("be"), GOOD]),
    ("UTF-16 with its declaration",
     [skip("\ufeff<?xml version='1.0' encoding='UTF-16'?>\r\n".encode("utf-16-le")), wide("le"),
      skip("<?xml version='1.0' encoding='UTF-16'?>".encode("utf-16-le")), wide("le")]),
    ("ISO-2022-JP whose bytes look like markup", declared(b"ISO-2022-JP", "次".encode("iso2022_jp"), "次")),
]

BOUNDS = [
    ("elements nest 200 deep", [event(nested(200)), GOOD]),
    ("elements nest 201 deep", [reject("too_deep", nested(201), "line 1, column "), GOOD]),
    ("elements nest 100,000 deep", [reject("too_deep", nested(100000), "more than 200"), GOOD]),
    ("100,000 elements are open at the end", [GOOD, reject("cut_off", b"<EVENT>" + b"<a>" * 100000, ENDED)]),
    ("an element has 256 attributes", [event(attributes(256)), GOOD]),
    ("an element has 257 attributes", [reject("malformed", attributes(257), CROWD), GOOD]),
    ("an element has 100,000 attributes", [reject("malformed", attributes(100000), CROWD), GOOD]),
    ("a name is 1,024 bytes long", [event(inner(b"<%s/>" % (b"n" * 1024))), GOOD]),
    ("a name is 1,025 bytes long", malformed(b"<%s/>" % (b"n" * 1025), LONG)),
    ("an attribute's name is 1,025 bytes long", malformed(b"<a %s='1'/>" % (b"n" * 1025), LONG)),
    ("a name is 900,000 bytes long", malformed(b"<%s/>" % (b"n" * 900000), LONG)),
    ("a namespace is 900,000 bytes long", malformed(b"<a xmlns='%s'/>" % (b"n" * 900000), LONG)),
    ("a name is 10 MB long", [GOOD, reject("oversize", Flood(b"<EVENT><", b"n", 10 * MIB, b"/></EVENT>")), OTHER]),
    ("another element's name is 10 MB long",
     [GOOD, *in_parts(b"<" + b"n" * 15, b"n" * 16), reject("stray_bytes", b"/>"), OTHER]),
    ("there are 50,000 different names", malformed(b"".join(b"<a%d/>" % i for i in range(50000)), "different names")),
    ("there are 257 namespaces", malformed(
        b"".join(b"<a xmlns:p%d='u' xmlns:q%d='u'>" % (i, i) for i in range(129)) + b"</a>" * 129, "256 namespaces")),
    ("an event is exactly as large as is allowed", [event(Flood(b"<EVENT>", b"x", MIB, b"</EVENT>")), GOOD]),
    ("an event is one byte too large",
     [reject("oversize", Flood(b"<EVENT>", b"x", MIB + 1, b"</EVENT>"), "MAX_MESSAGE_SIZE"), GOOD]),
    ("one text is nearly all of the event", [event(Flood(b"<EVENT>", "é".encode(), MIB - 9, b"</EVENT>")), GOOD]),
    ("one comment is nearly all of the event",
     [event(Flood(b"<EVENT><!--", "é - ".encode(), MIB - 9, b"--></EVENT>")), GOOD]),
    ("one value is nearly all of the event", [event(Flood(b"<EVENT a='", b"&amp;\n>", MIB - 9, b"'></EVENT>")), GOOD]),
    ("a text is all references", [event(Flood(b"<EVENT>", b"&amp;&#65;", MIB - 9, b"</EVENT>")), GOOD]),
    ("a long text ends in ]]>", malformed(b"x" * 900000 + b"]]>", "]]>")),
]

ENDLESS_ROWS = [
    ("an event never ends", [GOOD, reject("oversize", Flood(b"<EVENT>", b"<a>text</a>", ENDLESS))]),
    ("an event is far too large, and others follow",
     [GOOD, reject("oversize", Flood(b"<EVENT>", b"<a>text</a>", ENDLESS, b"</EVENT>")), OTHER]),
    ("an event far too large is cut off by the next",
     [reject("oversize", Flood(b"<EVENT>", b"text ", ENDLESS)), OTHER]),
    ("a comment never ends", [GOOD, reject("oversize", Flood(b"<EVENT><!--", b"- > <a>", ENDLESS), "0 events were found")]),
    ("a comment hides 3 MiB of events",
     [GOOD, reject("malformed", inner(b"<!--"), "events were found"), *[LONG_EVENT] * 3000]),
    ("a comment between events never ends",
     [GOOD, *in_parts(b"<!-- begins here", b"- > --- ] ]]> -.")]),
    ("a section never ends",
     [GOOD, reject("oversize", Flood(b"<EVENT><![CDATA[", b"]] ><a>", ENDLESS), "0 events were found")]),
    ("a section hides 3 MiB of events",
     [GOOD, reject("malformed", inner(b"<![CDATA["), "events were found"), *[LONG_EVENT] * 3000]),
    ("a value never ends", [GOOD, reject("oversize", Flood(b"<EVENT a='", b"value ", ENDLESS))]),
    ("a start tag never ends", [GOOD, reject("oversize", Flood(b"<EVENT", b" a='1'", ENDLESS))]),
    ("an instruction never ends", [GOOD, *in_parts(b"<?p begins here.", b"? > ?????? > ??.")]),
    ("a DOCTYPE never ends",
     [GOOD, reject("doctype", Flood(b"<!DOCTYPE abc [ ", b"<!ENTITY ab 'c'>", MIB)),
      *in_parts(b"", b"<!ENTITY ab 'c'>", PARTS - 1)]),
    ("elements nest without end", [GOOD, reject("oversize", Flood(b"<EVENT>", b"<a>", ENDLESS))]),
    ("garbage never ends", [GOOD, *in_parts(b"", b"\xFF\x01 garbage ...!!")]),
    ("the event's end tags never end", [GOOD, *in_parts(b"", b"</EVENT></EVENT>")]),
    ("separators never end",
     [GOOD, skip(Flood(b"", b"\0 \r\n\x02<?xml version='1.0'?><!-- c --><?p?>\x1C", ENDLESS)), OTHER]),
]

LARGE = 8 * MIB - 9
LARGE_ROWS = [
    ("8 MB of elements", [event(Flood(b"<EVENT>", b"<a>some text</a>\n", LARGE, b"</EVENT>")), GOOD]),
    ("8 MB of Windows-1252", [skip(b"<?xml version='1.0' encoding='windows-1252'?>"),
                              event(Flood(b"<EVENT>", b"<a>s\xF6me text</a>\n", LARGE, b"</EVENT>"),
                                    text="<EVENT><a>söme text</a>\n"),
                              skip(b"<?xml version='1.0'?>"), GOOD]),
    ("8 MB of Windows-1252 that are 24 MB of UTF-8",
     [skip(b"<?xml version='1.0' encoding='windows-1252'?>"),
      reject("oversize", Flood(b"<EVENT>", b"\x80", LARGE, b"</EVENT>"), "as UTF-8")]),
    ("8 MB in one comment", [event(Flood(b"<EVENT><!--", "é > ".encode(), LARGE, b"--></EVENT>")), GOOD]),
    ("8 MB in one instruction", [event(Flood(b"<EVENT><?p ", "é > ".encode(), LARGE, b"?></EVENT>")), GOOD]),
    ("8 MB in one section", [event(Flood(b"<EVENT><![CDATA[", b"]] ><&", LARGE, b"]]></EVENT>")), GOOD]),
    ("8 MB in one value", [event(Flood(b"<EVENT a='", b"&amp;\n", LARGE, b"'></EVENT>")), GOOD]),
    ("8 MB in one name", [reject("malformed", Flood(b"<EVENT><", b"n", LARGE, b"/></EVENT>"), LONG), GOOD]),
    ("8 MB in one namespace", [reject("malformed", Flood(b"<EVENT xmlns='", b"n", LARGE, b"'></EVENT>"), LONG), GOOD]),
    ("8 MB of attributes", [reject("malformed", Flood(b"<EVENT", b" a=''", LARGE, b"></EVENT>"), CROWD), GOOD]),
    ("8 MB of open elements", [reject("too_deep", Flood(b"<EVENT>", b"<a>", LARGE, b"</EVENT>")), GOOD]),
    ("8 MB of different names",
     [reject("malformed", inner(b"".join(b"<a%d/>" % i for i in range(800000))), "different names"), GOOD]),
    ("an event never ends", [GOOD, reject("oversize", Flood(b"<EVENT>", b"<a>text</a>", ENDLESS))]),
]

MANY = [OTHER] * 4000
FOUND_MANY = "4000 events were found"
OPEN_ROWS = [  # their connections stay open; whether the last part is reported only when the sender is silent
    ("a comment in a field is not closed", [reject("malformed", inner(b"<a><!-- b</a>"), FOUND_MANY), *MANY], True),
    ("a section in a field is not closed", [reject("malformed", inner(b"<a><![CDATA[ b</a>"), FOUND_MANY), *MANY], True),
    ("a comment between events is not closed", [GOOD, reject("stray_bytes", b"<!-- b", FOUND_MANY), *MANY], True),
    ("a comment in a DOCTYPE is not closed",
     [GOOD, reject("doctype", b"<!DOCTYPE a [<!-- b", FOUND_MANY), *MANY], True),
    ("a comment in UTF-16 is not closed",
     [wide("le"), reject("malformed", "<EVENT><!-- b</EVENT>".encode("utf-16-le"), "100 events"), *[wide("le")] * 100], True),
    ("a closed comment holds an event", [EMPTY, reject("stray_bytes", b"<!-- <EVENT/> -->"), EMPTY], False),
    ("a closed comment in a DOCTYPE holds an event",
     [EMPTY, reject("doctype", b"<!DOCTYPE a [<!-- <EVENT/> -->]><EVENT/>"), EMPTY], False),
    ("an instruction holds events", [GOOD, reject("stray_bytes", b"<?p "), *MANY], False),
    ("a value holds events", [GOOD, reject("stray_bytes", b"<a b='"), *MANY], False),
    ("a value of an event holds events", [GOOD, reject("cut_off", b"<EVENT a='", CUT), *MANY], False),
    ("a value of a DOCTYPE holds events", [GOOD, reject("doctype", b"<!DOCTYPE a '"), *MANY], False),
    ("UTF-16", [wide("le")] * 100, False),
    ("UTF-16 of the other byte order", [wide("be")] * 100, False),
    ("a wrapper of other names is not closed",
     [reject("unknown_element", b"<EVENTS>%s" % (b"<Event><cn>1</cn></Event>" * 100), "the element Event")], True),
    ("an element of another name that has attributes alone",
     [reject("unknown_element", b"<Event cn='1'/>", "the element Event")], False),
    ("HTTP with an event in chunks",
     [reject("looks_like_http", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n<EVENT><cn>good</\r\nb\r\n"
             b"cn></EVENT>\r\n", "HTTP")], True),
]


def send(site, source, parts, sizes):
    """One connection from an address of its own, in pieces of these sizes."""
    with socket.create_connection(("127.0.0.1", site.port), source_address=(source, 0)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = b""
        for chunk in itertools.chain.from_iterable(part.chunks() for part in parts):
            stream += chunk
            while len(stream) >= 65536:
                s.sendall(stream[:65536])
                stream = stream[65536:]
        while stream:
            piece = next(sizes)
            s.sendall(stream[:piece])
            stream = stream[piece:]


def sizes_of(way, seed):
    """How a stream is cut: byte by byte, at random, hardly."""
    chance = random.Random(seed)
    while True:
        yield (1, chance.randrange(1, 40), 4096)[way]


def send_all(site, rows):
    """Each row, then a good event on another connection; returns {source: row}. A long row is sent in one way only."""
    sent = {}
    for number, (sentence, parts) in enumerate(rows):
        is_long = sum(len(part.data) for part in parts) > 4000
        for way in ((2,) if is_long else (0, 1, 2)):
            source = f"127.{way + 1}.{number // 200}.{number % 200 + 1}"
            send(site, source, parts, sizes_of(way, zlib.crc32(sentence.encode())))
            send(site, "127.100.0.1", [GOOD], sizes_of(2, 0))
            sent[source] = (sentence, parts)
    return sent


def wait_until_taken(site, sent):
    kinds = [part.kind for _, parts in sent.values() for part in parts]
    events, rejects = kinds.count("event") + len(sent), kinds.count("reject")
    try:
        wait_for("all events and rejects", lambda: site.value("SELECT count(*) FROM events") >= events and
                 site.value("SELECT count(*) FROM rejects") >= rejects)
    except AssertionError:
        pass  # the comparison says what is missing


def came(site, source):
    """The events and the rejects from an address, each in the order of ids."""
    events = site.query("SELECT uid, bytes, length(CAST(payload AS BLOB)), CAST(substr(payload, 1, ?) AS BLOB) "
                        "FROM events WHERE source = ? ORDER BY id", KEPT_WHOLE, source)
    rejects = site.query("SELECT reason, detail, bytes, truncated, substr(payload, 1, ?) FROM rejects "
                         "WHERE source = ? ORDER BY id", KEPT_WHOLE, source)
    return events, rejects


def event_faults(part, uid, length, kept_length, payload):
    text = part.text.encode() if part.text else part.start(KEPT_WHOLE)
    if uid != part.uid:
        yield f"uid {uid!r}, not {part.uid!r}"
    if length != len(part.data):
        yield f"an event of {length} bytes, not {len(part.data)}"
    if not part.text and kept_length != len(part.data):
        yield f"{kept_length} bytes kept of {len(part.data)}"
    if not payload.startswith(text[:KEPT_WHOLE]) or (part.text and part.text.endswith("</EVENT>") and payload != text):
        yield f"payload {payload[:100]!r}, not {text[:100]!r}"


def reject_faults(part, ceiling, reason, detail, length, truncated, payload):
    if reason != part.reason or part.word not in detail:
        yield f"{reason}: {detail!r}, not {part.reason}: {part.word!r}"
    if length != len(part.data):
        yield f"a reject of {length} bytes, not {len(part.data)}"
    if bool(truncated) != (len(part.data) > ceiling):
        yield f"truncated {truncated} at {length} bytes"
    if bytes(payload) != part.start(KEPT_WHOLE):
        yield f"reject {bytes(payload[:100])!r}, not {part.start(100)!r}"


def faults_of(site, source, parts, ceiling):
    """Every byte of the row is where it must be: in an event, in a reject, or passed over."""
    events, rejects = came(site, source)
    wanted = {kind: [part for part in parts if part.kind == kind] for kind in ("event", "reject")}
    if len(events) != len(wanted["event"]) or len(rejects) != len(wanted["reject"]):
        yield f"{len(events)} events, rejects {[(r[0], r[1], r[2]) for r in rejects]}"
        return
    for part, row in zip(wanted["event"], events):
        yield from event_faults(part, *row)
    for part, row in zip(wanted["reject"], rejects):
        yield from reject_faults(part, ceiling, *row)


def check_rows(site, rows, ceiling):
    sent = send_all(site, rows)
    wait_until_taken(site, sent)
    faults = [f"{sentence} ({source}): {fault}" for source, (sentence, parts) in sent.items()
              for fault in faults_of(site, source, parts, ceiling)]
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:40]])
    good = site.value("SELECT count(*) FROM events WHERE source = '127.100.0.1' AND uid = 'good'")
    assert good == len(sent), f"{good} of {len(sent)} good events on other connections"
    return len(sent)


def peak_bytes(program):
    with open(f"/proc/{program.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) << 10


def assert_memory_is_bounded(program):
    """By INTAKE_MEMORY, 64 MiB, and 16 more."""
    peak = peak_bytes(program)
    print(f"# peak memory {peak / MIB:.1f} MiB")
    assert IS_SANITIZED or peak <= (64 + 16) * MIB, f"{peak} bytes"


def test_each_part_of_a_hostile_stream_becomes_its_event_or_reject(site):
    rows = BETWEEN + INSIDE + CUT_OFF + STRAY + MALFORMED + DOCTYPE + ENCODINGS + BOUNDS
    assert len(rows) >= 100 and len({sentence for sentence, _ in rows}) == len(rows)
    collector = site.collector()
    check_rows(site, rows, MIB)
    assert_memory_is_bounded(collector)
    collector.stop()


def test_endless_streams_cost_no_memory_and_keep_their_true_length(site):
    collector = site.collector()
    check_rows(site, ENDLESS_ROWS, MIB)
    assert_memory_is_bounded(collector)
    collector.stop()


def test_the_largest_events_are_validated_within_the_same_memory(site):
    collector = site.collector(MAX_MESSAGE_SIZE="8M")
    check_rows(site, LARGE_ROWS, 8 * MIB)
    assert_memory_is_bounded(collector)
    collector.stop()


def test_nothing_is_hidden_for_longer_than_10_s_while_a_connection_is_open(site):
    collector = site.collector()
    told = {}
    with contextlib.ExitStack() as stack:
        for number, (_, parts, _) in enumerate(OPEN_ROWS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port),
                                                                      source_address=(f"127.9.0.{number + 1}", 0)))
            connection.sendall(b"".join(part.data for part in parts))
        since = time.monotonic()

        def are_all_told():
            for number, (_, parts, _) in enumerate(OPEN_ROWS):
                if number not in told and not any(faults_of(site, f"127.9.0.{number + 1}", parts, MIB)):
                    told[number] = time.monotonic() - since
            return len(told) == len(OPEN_ROWS)

        with contextlib.suppress(AssertionError):  # the comparison says what is missing
            wait_for("all to be reported", are_all_told, SILENCE + SLACK)
        faults = [f"{sentence}: {fault}" for number, (sentence, parts, _) in enumerate(OPEN_ROWS)
                  if number not in told for fault in faults_of(site, f"127.9.0.{number + 1}", parts, MIB)]
        assert not faults, "\n".join([f"{len(faults)} faults", *(fault[:500] for fault in faults[:40])])
    for number, (sentence, _, is_slow) in enumerate(OPEN_ROWS):
        assert told[number] > SILENCE - 1 if is_slow else told[number] < SOON, (sentence, told[number])
    collector.stop()


main(dict(globals()))
