# Gives standard input to a command, and then writes to standard output what it was: `BYTES SHA256 EXITCODE`. It runs in the
# helper pod as `sh -c <this text> nkvm-receive WORK HASH_JS COMMAND...` (receive.ts). What arrived is hashed here, because
# what was sent through exec can stop short, with exit code 0.

set -u
hash_js=$2
cd "$1" || exit 125
shift 2
rm -f received.sum received.exit
node -e "$hash_js" received.sum | { "$@" >&2; echo $? >received.exit; }
read -r received <received.sum && echo "$received $(cat received.exit)"
