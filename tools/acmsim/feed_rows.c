/*
 * feed_rows -- the table of feeds.
 * Happy path: data alone. The bytes beyond ASCII are those of the encoding that the feed is about.
 */
#include "tools/acmsim/feed_row.h"

#define START              "<EVENT><cn>{n}</cn><plasectrxEventname>{e}</plasectrxEventname>"
#define SOURCE             "<plasectrxSourcename>{d}</plasectrxSourcename>"
#define PLAIN              START SOURCE "</EVENT>"
#define NAMED(name)        START SOURCE "<plasectrxLname>" name "</plasectrxLname></EVENT>"
#define MESSAGE(text)      START "<plasectrxMsg>" text "</plasectrxMsg>" SOURCE "</EVENT>"
#define OTHER_CASE         "<Event><cn>{n}</cn><plasectrxEventname>{e}</plasectrxEventname>" SOURCE "</Event>"
#define TIME               "2026-11-30T08:15:30"
#define WRAPPER            "<?xml version=\"1.0\"?>\n<EVENTS>\n"
#define DECLARED(encoding) "<?xml version=\"1.0\" encoding=\"" encoding "\"?>\r\n"

#define WINDOWS(company)                                                                                     \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"                          \
    "<Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385f-c22a-43e0-bf4c-06f5698ffbd9}'/>"              \
    "<EventID>1</EventID><TimeCreated SystemTime='" TIME ".1234567Z'/>"                                      \
    "<EventRecordID>{i}</EventRecordID><Channel>Microsoft-Windows-Sysmon/Operational</Channel>"              \
    "<Computer>gate-7.example.com</Computer></System><EventData><Data Name='Image'>C:\\gate.exe</Data>"      \
    "<Data Name='Description'>{d}</Data><Data Name='Company'>" company "</Data>"                             \
    "<Data Name='Hashes'/></EventData></Event>"

const struct feed feed_rows[] = {
    {.name = "windows",
     .meaning = "Windows events, every third with a character that XML forbids",
     .settings = "EVENT_ELEMENT=Event INVALID_CHARACTERS=replace",
     .outcome = "each is an event; without the settings each is a reject `unknown_element`",
     .event = WINDOWS("A-B"),
     .spoilt = WINDOWS("A\x01-B"),
     .spoilt2 = WINDOWS("A&#x1;-B"),
     .spoilt_every = 3,
     .after = "\r\n"},
    {.name = "log4j",
     .meaning = "log4j and NLog events, whose prefixes nobody declares",
     .settings = "EVENT_ELEMENT=log4j:event XML_NAMESPACES=log4j=http://jakarta.apache.org/log4j/,"
                 "nlog=http://www.nlog-project.org/schemas/NLog.xsd",
     .outcome = "each is an event, with the declarations added",
     .event =
         "<log4j:event logger=\"Gate\" level=\"INFO\" thread=\"{i}\"><log4j:message>{e}, {d}</log4j:message>"
         "<nlog:eventSequenceNumber>{n}</nlog:eventSequenceNumber></log4j:event>",
     .after = "\n"},
    {.name = "log4net",
     .meaning = "log4net's events, whose prefix nobody declares",
     .settings = "EVENT_ELEMENT=log4net:event "
                 "XML_NAMESPACES=log4net=http://logging.apache.org/log4net/schemas/log4net-events-1.2",
     .outcome = "each is an event, with the declaration added",
     .event =
         "<log4net:event logger=\"Gate\" timestamp=\"" TIME ".1234567+01:00\" level=\"INFO\" thread=\"{i}\">"
         "<log4net:message>{e}, {d}</log4net:message><log4net:properties><log4net:data "
         "name=\"log4net:HostName\" value=\"GATE-7\"/></log4net:properties></log4net:event>",
     .after = "\r\n"},
    {.name = "log4j2",
     .meaning = "events of Log4j 2, each with its own namespace",
     .settings = "EVENT_ELEMENT=Event",
     .outcome = "each is an event; without the setting each is a reject `unknown_element`",
     .event = "<Event xmlns=\"http://logging.apache.org/log4j/2.0/events\" thread=\"main\" level=\"INFO\" "
              "loggerName=\"Gate\"><Instant epochSecond=\"1796026530\" nanoOfSecond=\"{i}\"/>"
              "<Message>{e}, {d}</Message></Event>",
     .after = "\r\n"},
    {.name = "onvif",
     .meaning = "ONVIF notifications, each in the SOAP envelope of a PullMessagesResponse that declares "
                "their prefixes",
     .settings = "EVENT_ELEMENT=*:NotificationMessage INDEX_FIELDS=name=*:Topic "
                 "IGNORE_ELEMENTS=*:Header,*:CurrentTime,*:TerminationTime",
     .outcome = "each is an event, with the declarations added; without the settings each is a reject "
                "`unknown_element`",
     .before =
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope "
         "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
         "xmlns:wsa=\"http://www.w3.org/2005/08/addressing\" "
         "xmlns:tev=\"http://www.onvif.org/ver10/events/wsdl\" "
         "xmlns:wsnt=\"http://docs.oasis-open.org/wsn/b-2\" xmlns:tt=\"http://www.onvif.org/ver10/schema\" "
         "xmlns:tns1=\"http://www.onvif.org/ver10/topics\"><s:Header><wsa:Action>"
         "http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesResponse</wsa:Action>"
         "</s:Header><s:Body><tev:PullMessagesResponse><tev:CurrentTime>" TIME "Z</tev:CurrentTime>"
         "<tev:TerminationTime>2026-11-30T08:25:30Z</tev:TerminationTime>",
     .event =
         "<wsnt:NotificationMessage><wsnt:Topic "
         "Dialect=\"http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet\">"
         "tns1:AccessControl/AccessGranted/Credential</wsnt:Topic><wsnt:Message><tt:Message UtcTime=\"" TIME
         "Z\"><tt:Source><tt:SimpleItem Name=\"AccessPointToken\" Value=\"{d}\"/></tt:Source><tt:Data>"
         "<tt:SimpleItem Name=\"CredentialToken\" Value=\"{n}\"/></tt:Data></tt:Message></wsnt:Message>"
         "</wsnt:NotificationMessage>",
     .after = "</tev:PullMessagesResponse></s:Body></s:Envelope>"},
    {.name = "camera",
     .meaning = "a Hikvision camera's stream of alerts, with the head of a multipart document before each",
     .settings = "EVENT_ELEMENT=EventNotificationAlert "
                 "INDEX_FIELDS=name=eventType,time=dateTime,sender=ipAddress,source_name=channelName",
     .outcome = "each is an event, and each head is a reject `stray_bytes`",
     .event = "<EventNotificationAlert version=\"2.0\" xmlns=\"http://www.hikvision.com/ver20/XMLSchema\">"
              "<ipAddress>192.0.2.30</ipAddress><channelID>1</channelID><dateTime>" TIME "+01:00</dateTime>"
              "<activePostCount>{i}</activePostCount><eventType>fielddetection</eventType>"
              "<eventState>active</eventState><channelName>{d}</channelName></EventNotificationAlert>",
     .pack = feed_pack_part},
    {.name = "soap",
     .meaning = "SOAP messages of 2N intercoms, with the event's prefix declared on the envelope",
     .settings = "EVENT_ELEMENT=event2n:Msg INDEX_FIELDS=uid=event2n:RecordId,name=event2n:EventName",
     .outcome = "each is an event, with the declaration added; without the settings each is a reject "
                "`unknown_element`",
     .before = "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope "
               "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
               "xmlns:event2n=\"http://www.2n.cz/2013/event\"><s:Header></s:Header><s:Body>",
     .event =
         "<event2n:Msg><event2n:RecordId>{n}</event2n:RecordId><event2n:EventName>{e}</event2n:EventName>"
         "<event2n:Data><event2n:Door>{d}</event2n:Door></event2n:Data></event2n:Msg>",
     .after = "</s:Body></s:Envelope>"},
    {.name = "utf16",
     .meaning = "UTF-16LE with a byte order mark and a declaration before each event, on a connection that "
                "stays open (--linger-ms)",
     .outcome = "each is an event as soon as it is read",
     .head = "\xff\xfe",
     .before = DECLARED("utf-16"),
     .event = NAMED("M\xfcller"),
     .after = "\r\n",
     .pack = feed_pack_utf16le},
    {.name = "utf16be",
     .meaning = "UTF-16BE without a byte order mark",
     .outcome = "each is an event",
     .event = NAMED("M\xfcller"),
     .after = "\r\n",
     .pack = feed_pack_utf16be},
    {.name = "utf16-declared",
     .meaning = "UTF-8 that is declared as UTF-16, as .NET writes it",
     .outcome = "each is an event",
     .before = DECLARED("utf-16"),
     .event = NAMED("M\xc3\xbcller"),
     .after = "\r\n"},
    {.name = "bom-declared",
     .meaning = "UTF-8 with its byte order mark that is declared as windows-1252",
     .outcome = "each is an event; the mark counts",
     .before = "\xef\xbb\xbf" DECLARED("windows-1252"),
     .event = NAMED("M\xc3\xbcller"),
     .after = "\r\n"},
    {.name = "ansi",
     .meaning = "windows-1252 without a declaration",
     .settings = "DEFAULT_ENCODING=windows-1252",
     .outcome = "each is an event; without the setting each is a reject `encoding`",
     .event = NAMED("M\xfcller \x96 Tor"),
     .after = "\r\n"},
    {.name = "latin1",
     .meaning = "ISO-8859-1, declared",
     .outcome = "each is an event",
     .before = DECLARED("ISO-8859-1"),
     .event = NAMED("M\xfcller"),
     .after = "\n"},
    {.name = "iso-2022-jp",
     .meaning = "ISO-2022-JP, declared, with a name whose bytes look like markup",
     .outcome = "each is an event",
     .before = DECLARED("ISO-2022-JP"),
     .event = NAMED("\x1b$B</EVENT><EVENT>!\x1b(B"), /* eight characters */
     .after = "\n"},
    {.name = "shift-jis",
     .meaning = "Shift_JIS, declared, with a CDATA section in which a character's second byte is `]`",
     .outcome = "each is an event",
     .before = DECLARED("Shift_JIS"),
     .event = NAMED("<![CDATA[\x83]]>]]>"), /* the character 83 5D, then ]> as text */
     .after = "\n"},
    {.name = "mllp",
     .meaning = "events in MLLP frames",
     .outcome = "each is an event",
     .before = "\x0b<?xml version=\"1.0\"?>",
     .event = PLAIN,
     .after = "\x1c\r"},
    {.name = "stx",
     .meaning = "events between STX and ETX",
     .outcome = "each is an event",
     .before = "\x02",
     .event = PLAIN,
     .after = "\x03"},
    {.name = "syslog",
     .meaning = "a syslog header before each event",
     .outcome = "each is an event, and each header is a reject `stray_bytes`",
     .before = "<134>1 " TIME ".123Z gate-7 forwarder {i} - - ",
     .event = PLAIN,
     .after = "\n"},
    {.name = "envelope",
     .meaning = "an envelope for each event, with texts around it",
     .settings = "IGNORE_ELEMENTS=Header,cursor",
     .outcome = "each is an event; without the setting what stands before it in the envelope is a reject",
     .before = "<?xml version=\"1.0\"?>\n<Envelope>\n <Header>\n  <serverTime>16:03:51</serverTime>\n "
               "</Header>\n <Body>\n"
               "  <cursor>{i}</cursor>\n  <events>\n   ",
     .event = PLAIN,
     .after = "\n  </events>\n </Body>\n</Envelope>\n"},
    {.name = "wrapper",
     .meaning = "events in an element EVENTS that never ends",
     .outcome = "each is an event",
     .head = WRAPPER,
     .event = PLAIN,
     .after = "\n"},
    {.name = "wrapper-other",
     .meaning = "events of another name (Event) in an element EVENTS that never ends",
     .settings = "EVENT_ELEMENT=Event",
     .outcome =
         "each is an event; without the setting all are one reject, after 10 s of silence at the latest",
     .head = WRAPPER,
     .event = OTHER_CASE,
     .after = "\n"},
    {.name = "other-system",
     .meaning = "events of another access control system, with fields of other names",
     .settings = "EVENT_ELEMENT=Event "
                 "INDEX_FIELDS=uid=Id,name=Name,time=Time,sender=Controller,source_name=Door",
     .outcome = "each is an event; without the settings each is a reject `unknown_element`",
     .before = "<?xml version=\"1.0\"?>",
     .event = "<Event><Id>{n}</Id><Time>" TIME "Z</Time><Name>{e}</Name><Controller>HQ-1</Controller>"
              "<Door>{d}</Door></Event>",
     .after = "\n"},
    {.name = "attributes",
     .meaning = "events of another name (Event), with attributes alone",
     .settings = "EVENT_ELEMENT=Event",
     .outcome = "each is an event; without the setting each is a reject `unknown_element`",
     .before = "<?xml version=\"1.0\"?>",
     .event = "<Event Id=\"{n}\" Name=\"{e}\" Door=\"{d}\"/>",
     .after = "\n"},
    {.name = "case",
     .meaning = "the appliance's events with another case in their name (Event)",
     .settings = "EVENT_ELEMENT=Event",
     .outcome = "each is an event; without the setting each is a reject `unknown_element`",
     .event = OTHER_CASE,
     .after = "\n"},
    {.name = "comment",
     .meaning = "an event with an unescaped `<!--` in a field, then good events",
     .outcome = "the first is a reject, all others are events, after 10 s of silence at the latest",
     .event = PLAIN,
     .spoilt = MESSAGE("a <!-- b"),
     .after = "\n"},
    {.name = "cdata",
     .meaning = "an event with an unescaped `<![CDATA[` in a field, then good events",
     .outcome = "the first is a reject, all others are events, after 10 s of silence at the latest",
     .event = PLAIN,
     .spoilt = MESSAGE("a <![CDATA[ b"),
     .after = "\n"},
    {.name = "doctype",
     .meaning = "a DOCTYPE that does not end, then good events",
     .outcome = "the DOCTYPE is a reject `doctype`, each event is an event",
     .head = "<!DOCTYPE EVENT [<!ENTITY a",
     .event = PLAIN,
     .after = "\n"},
    {.name = "control",
     .meaning = "every third event has a character that XML forbids, as a byte or as a reference",
     .settings = "INVALID_CHARACTERS=replace",
     .outcome = "each is an event; without the setting every third is a reject `malformed`",
     .event = MESSAGE("A-B"),
     .spoilt = MESSAGE("A\x01-B"),
     .spoilt2 = MESSAGE("A&#x1;-B"),
     .spoilt_every = 3,
     .after = "\n"},
    {.name = "heartbeat",
     .meaning = "an empty element heartbeat after each event, in no other element",
     .settings = "IGNORE_ELEMENTS=heartbeat",
     .outcome = "each is an event; without the setting each heartbeat is a reject `unknown_element`",
     .event = PLAIN,
     .after = "\n<heartbeat/>\n"},
    {.name = "heartbeat-wrapper",
     .meaning = "an empty element heartbeat after each event, in an element EVENTS that never ends",
     .outcome = "each is an event; the heartbeats leave no trace",
     .head = WRAPPER,
     .event = PLAIN,
     .after = "\n<heartbeat/>\n"},
    {.name = "heartbeat-content",
     .meaning =
         "an element heartbeat with an attribute and a text after each event, in an element EVENTS that "
         "never ends",
     .settings = "IGNORE_ELEMENTS=heartbeat",
     .outcome = "each is an event; without the setting each heartbeat is a reject `unknown_element`",
     .head = WRAPPER,
     .event = PLAIN,
     .after = "\n<heartbeat time=\"" TIME "Z\"><status>ok</status></heartbeat>\n"},
    {.name = "http",
     .meaning = "a POST request for each event, with its Content-Length",
     .outcome = "no event: all is rejects `looks_like_http`",
     .event = PLAIN,
     .pack = feed_pack_post},
    {.name = "http-chunked",
     .meaning = "a POST request for each event, in two chunks",
     .outcome = "no event: all is rejects `looks_like_http`",
     .event = PLAIN,
     .pack = feed_pack_chunked},
    {.name = "tls",
     .meaning = "the beginning of a TLS client's first message, in place of each event",
     .outcome = "no event: all is rejects `looks_like_tls`",
     .event = PLAIN,
     .pack = feed_pack_client_hello},
    {.name = "proxy",
     .meaning = "a PROXY protocol header, version 1, then good events",
     .outcome = "the header is a reject that names the protocol, each event is an event",
     .head = "PROXY TCP4 192.0.2.10 192.0.2.20 41822 8080\r\n",
     .event = PLAIN,
     .after = "\n"},
    {.name = "proxy2",
     .meaning = "a PROXY protocol header, version 2, then good events",
     .outcome = "the header is a reject that names the protocol, each event is an event",
     .head = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x0a\xc0\0\x02\x14\xa3\x5e\x1f\x90",
     .head_bytes = 28,
     .event = PLAIN,
     .after = "\n"},
};

const size_t feed_row_count = sizeof feed_rows / sizeof feed_rows[0];
