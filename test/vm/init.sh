#!/bin/busybox sh
# The first process of a guest: makes the folder that the host shares its root.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
MODPROBES
mount -t virtiofs root /new
mount --move /dev /new/dev
umount /proc
exec switch_root /new /vm/boot.sh
