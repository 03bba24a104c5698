import { VOLUME_PATH, WORK_PATH } from './names.ts';

/**
 * Packs the volume in the pod: `tar | gzip` to standard output, hashed and counted on the way. When all is written,
 * the seal lies in `WORK_PATH/seal` (format: `seal.ts`), to be read by a second command.
 *
 * An empty `lost+found` is left out: it belongs to the file system and not to the data, and with it an emptied ext4 would
 * not look empty.
 *
 * POSIX sh, so that any image with sh, Node, tar and the usual small tools will do. GNU tar keeps everything but sockets;
 * another tar loses extended attributes, ACLs and holes, and the seal says so. igzip -1 packs 373 MB/s where gzip -1
 * packs 53.
 */
const PACK_SCRIPT = `
set -u
umask 077
export LC_ALL=C
volume=$1
cd "$2" || exit 125
rm -f seal seal.new sum names errors raw
for tool in tar node sed wc mkfifo; do
  command -v "$tool" >/dev/null 2>&1 || { echo "the helper image has no $tool" >&2; exit 127; }
done
if command -v igzip >/dev/null 2>&1; then pack='igzip -1 -c'
elif command -v pigz >/dev/null 2>&1; then pack='pigz -1 -c'
else pack='gzip -1 -c'; fi

mkfifo names errors
wc -l <names >files &
: >raw
sed -n -e '/^Total bytes written: /{s/[^0-9]*\\([0-9]*\\).*/\\1/' -e 'w raw' -e 'd' -e '}' -e '1,50p' <errors >warnings &

if tar --version 2>/dev/null | grep -q 'GNU tar'; then
  fidelity=full
  without=
  if [ -d "$volume/lost+found" ] && found=$(ls -A "$volume/lost+found") && [ -z "$found" ]; then
    without='--anchored --exclude=./lost+found'
  fi
  archive() {
    tar --create --file=- --format=posix --xattrs --xattrs-include='*' --acls --sparse --numeric-owner \\
      --totals --verbose --quoting-style=escape --index-file=/dev/fd/3 --directory="$volume" $without .
  }
else
  fidelity=reduced
  archive() { find "$volume" -exec echo . \\; >&3; tar -cf - -C "$volume" .; }
fi
{ archive; echo $? >tar.exit; } 2>errors 3>names | { $pack; echo $? >pack.exit; } | node -e "$3" sum || exit $?
wait

{
  echo 'nkvm-seal 1'
  cat sum
  echo "tarExit=$(cat tar.exit)"
  echo "compressorExit=$(cat pack.exit)"
  echo "files=$(($(cat files)))"
  raw=$(cat raw)
  echo "rawBytes=\${raw:-0}"
  echo "fidelity=$fidelity"
  echo
  cat warnings
} >seal.new && mv seal.new seal
`;

/**
 * Passes standard input on to standard output, and then writes its bytes and SHA-256 into the file of its argument. One
 * process with big buffers: `tee`, `sha256sum` and `wc` beside each other take four times its CPU, and tee's writes of
 * 8 KB make an exec stream half as fast.
 */
const SUM_SCRIPT = `
const fs = require('fs');
const hash = require('crypto').createHash('sha256');
const buffer = Buffer.alloc(262144);
let bytes = 0;
for (let read; (read = fs.readSync(0, buffer)) > 0; bytes += read) {
  const piece = buffer.subarray(0, read);
  hash.update(piece);
  for (let at = 0; at < read; ) at += fs.writeSync(1, piece, at);
}
fs.writeFileSync(process.argv[1], 'bytes=' + bytes + '\\nsha256=' + hash.digest('hex') + '\\n');
`;

/** The command that packs the volume and writes the archive to its standard output. */
export const packCommand = (): string[] => [
  'sh',
  '-c',
  PACK_SCRIPT,
  'nkvm-pack',
  VOLUME_PATH,
  WORK_PATH,
  SUM_SCRIPT,
];

/** The command that shows the seal; it fails while there is none. */
export const sealCommand = (): string[] => ['cat', `${WORK_PATH}/seal`];
