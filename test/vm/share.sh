#!/bin/sh
# Shares a root for a guest, until it is killed: share.sh VIRTIOFSD SOCKET VIEW WRITABLE READABLE…
# In a mount namespace of its own the folder VIEW gets the machine's folders READABLE, read-only, a copy of /etc, and WRITABLE
# as /vm. What the guest writes elsewhere is in memory.
set -e
virtiofsd=$1 socket=$2 view=$3 writable=$4
shift 4
mount -t tmpfs -o mode=755 tmpfs "$view"
for name in dev etc proc root run sys tmp var/lib var/log vm; do mkdir -p "$view/$name"; done
for link in bin sbin lib lib32 lib64 libx32; do [ ! -L "/$link" ] || ln -s "$(readlink "/$link")" "$view/$link"; done
cp -a /etc/. "$view/etc/"
mount --bind "$writable" "$view/vm"
for folder; do
  mkdir -p "$view$folder"
  mount --bind "$folder" "$view$folder"
  mount -o remount,bind,ro "$view$folder"
done
exec "$virtiofsd" --socket-path="$socket" -o source="$view" -o cache=auto -o sandbox=chroot
