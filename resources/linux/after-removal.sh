#!/bin/sh
# After the package is gone for good ("remove" and "purge" in Debian's words, 0 in Fedora's), not after it was updated.
case "$1" in
  remove | purge | 0)
    rm -f /usr/share/mime/packages/tailor.xml
    update-mime-database /usr/share/mime >/dev/null 2>&1 || true
    update-desktop-database -q >/dev/null 2>&1 || true
    ;;
esac
