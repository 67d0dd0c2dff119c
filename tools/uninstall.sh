#!/bin/sh
# Takes away what install.sh has installed, and nothing else: uninstall.sh DESTDIR PREFIX.
set -eu
dest=$1
prefix=$2
root=$dest$prefix
list=$root/share/eventspool/installed

if [ ! -f "$list" ]; then
    echo "there is no eventspool below $root that \`make install\` has installed; set prefix= as it was then" >&2
    exit 1
fi
if [ -z "$dest" ]; then
    units="eventspool-collector.socket eventspool-status.socket eventspool-collector.service eventspool-uploader.service"
    for unit in $units; do
        systemctl --quiet is-active "$unit" 2>/dev/null || systemctl --quiet is-enabled "$unit" 2>/dev/null || continue
        echo "$unit runs, or starts with the machine. First, as root:" >&2
        echo "    systemctl disable --now $units" >&2
        exit 1
    done
fi

installed=$(cat "$list")
rm -rf "$root/share/eventspool" "$root/share/doc/eventspool" "$root/libexec/eventspool"
echo "$installed" | grep -v '/$' | while read -r file; do rm -f "$root/$file"; done
# A folder that others use by now stays.
echo "$installed" | grep '/$' | LC_ALL=C sort -r | while read -r folder; do rmdir "$root/$folder" 2>/dev/null || :; done
echo "Kept: the settings in $dest/etc/eventspool, the spool in /var/lib/eventspool, and the users eventspool and"
echo "eventspool-uploader."
