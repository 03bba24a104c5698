# Tells what is in a volume before anything is written to it. It runs in the helper pod as `sh -c <this text> nkvm-look VOLUME`
# (lookAtVolume.ts): the first entry other than lost+found, then `FREE_BLOCKS BLOCK_SIZE FREE_INODES INODES TYPE`.

set -u
export LC_ALL=C
found=$(find "$1" -mindepth 1 -maxdepth 1 ! \( -name lost+found -type d \) -printf x -quit) || exit 1
numbers=$(stat -f -c '%a %S %d %c %T' "$1") || exit 1
echo "${found:--} $numbers"
