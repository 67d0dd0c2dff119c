#!/bin/sh
# Installs what was built: install.sh BIN DESTDIR PREFIX. All of it is laid out aside first, so that afterwards nothing is
# left of an earlier version that this one does not have. Files of settings are written only where there are none.
# A running program keeps its own file: each is replaced, none is written over.
set -eu
umask 022
bin=$1
dest=$2
prefix=$3
cd "$(dirname "$0")/.."
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage$prefix
share=$root/share/eventspool
pages=$root/share/doc/eventspool

put() { # MODE DIRECTORY FILE...
    mode=$1
    directory=$2
    shift 2
    install -d "$directory"
    install -m "$mode" "$@" "$directory"
}

# The units, with the place of the programs in them.
put_unit() { # FILE DIRECTORY NAME
    install -d "$2"
    sed "s|@libexecdir@|$prefix/libexec/eventspool|g" "$1" >"$2/$3"
}

put 755 "$root/libexec/eventspool" "$bin/collector" "$bin/uploader" "$bin/acmsim"
put 755 "$root/bin" "$bin/eventspool"
for unit in deploy/systemd/*.service deploy/systemd/*.socket; do
    put_unit "$unit" "$root/lib/systemd/system" "${unit##*/}"
done
put_unit deploy/systemd/eventspool.sysusers "$root/lib/sysusers.d" eventspool.conf
put_unit deploy/systemd/eventspool.tmpfiles "$root/lib/tmpfiles.d" eventspool.conf
put 644 "$root/share/bash-completion/completions" deploy/completion/eventspool.bash
mv "$root/share/bash-completion/completions/eventspool.bash" "$root/share/bash-completion/completions/eventspool"
for page in deploy/man/*.[1-8]; do
    [ ! -f "$page" ] || put 644 "$root/share/man/man${page##*.}" "$page"
done

# The folders stand to each other as in the sources, so that the links in the pages lead somewhere.
put 644 "$pages" README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE
put 644 "$pages/docs" docs/*.md docs/*.html
put 644 "$pages/docs/engines" docs/engines/*.md
install -d "$share/deploy"
cp -R sql "$share/"
for part in aws haproxy kubernetes monitoring stunnel; do
    [ ! -d "deploy/$part" ] || cp -R "deploy/$part" "$share/deploy/"
done
chmod -R u=rwX,go=rX "$share"
ln -s ../doc/eventspool/docs "$share/docs"
ln -s ../../eventspool/sql ../../eventspool/deploy "$pages/"

# What lies in folders that are not ours alone is remembered, with the folders that were not there before: for the next
# version and for `make uninstall`.
list=share/eventspool/installed
old=$stage/old
cat "$dest$prefix/$list" >"$old" 2>/dev/null || : >"$old"
list_files() {
    (cd "$root" && find . -name eventspool -type d -prune -o -type f -print)
}
list_new_folders() {
    (cd "$root" && find . -name eventspool -prune -o -type d -print) | while read -r folder; do
        [ -d "$dest$prefix/$folder" ] || echo "$folder/"
    done
}
{ list_files; list_new_folders; grep '/$' "$old" || :; } | LC_ALL=C sort -u >"$root/$list"

LC_ALL=C sort "$old" | LC_ALL=C comm -23 - "$root/$list" | while read -r file; do rm -f "$dest$prefix/$file"; done
rm -rf "$dest$prefix/share/eventspool" "$dest$prefix/share/doc/eventspool"
mkdir -p "$dest$prefix"
tar -C "$root" -cf - . | tar -C "$dest$prefix" -xf - --no-same-owner --no-overwrite-dir
for program in "$dest$prefix/libexec/eventspool"/*; do
    [ -e "$root/libexec/eventspool/${program##*/}" ] || rm -f "$program"
done

mkdir -p "$dest/etc/eventspool"
for settings in deploy/etc/*.env; do
    [ -e "$dest/etc/eventspool/${settings##*/}" ] || install -m 640 "$settings" "$dest/etc/eventspool/"
done

# ---- what is next; below DESTDIR that is another program's business

[ -z "$dest" ] || exit 0
units=$prefix/lib/systemd/system/eventspool
echo "Installed below $prefix. Next, as root, on a machine with systemd:"
if systemctl --quiet is-active eventspool-collector.socket 2>/dev/null; then
    cat <<END
    systemctl daemon-reload
    systemctl restart eventspool-collector eventspool-uploader
END
else
    cat <<END
    systemd-sysusers $prefix/lib/sysusers.d/eventspool.conf
    systemd-tmpfiles --create $prefix/lib/tmpfiles.d/eventspool.conf
    chgrp eventspool /etc/eventspool/eventspool.env
    chgrp eventspool-uploader /etc/eventspool/uploader.env
    systemctl daemon-reload
    systemctl enable --now $units-collector.socket $units-status.socket $units-collector.service
Then set BUCKET_NAME in /etc/eventspool/eventspool.env and the keys in /etc/eventspool/uploader.env, and
    $prefix/bin/eventspool check
    systemctl enable --now $units-uploader.service
$prefix/share/doc/eventspool/docs/installing.md says more.
END
fi
