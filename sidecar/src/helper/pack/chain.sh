# A part of pack.sh, for an archive that is a link of a chain. chainCommand puts it into the work directory, with known.cjs,
# snapshot.cjs, and base.gz, the snapshot file of the archive before, where there is one.

# An archive of a chain: tar packs what has changed since the archive before, and the names that each directory has. What tar
# cannot be trusted with is packed as a whole (known.cjs).
prepare_chain() {
  rm -f tar.snapshot known sample chain snapshot.gz snapshot.sum
  if [ -z "$counts" ] || ! { (counts=; find_kept -printf '%d\t%i\t%y\t%s\t%T@\t%C@\t%f\0') 2>/dev/null |
    $node -e "$(cat known.cjs)" "$volume" "${NKVM_SNAPSHOT_LIMIT:-50331648}" >chain.new; }; then
    rm -f tar.snapshot
    printf 'chain=none\nchainReason=failed\n' >chain
    return
  fi
  rm -f base.gz
  mv chain.new chain
  # --verbose turns its warnings on again: these come after it.
  grep -q '^chain=none' chain || incremental="--listed-incremental=$work/tar.snapshot --no-check-device \
    --warning=no-new-directory --warning=no-rename-directory"
}

# What the next link of a chain is made from: see known.cjs. Its time is that of the beginning, and a minute earlier.
seal_snapshot() {
  sed -n '/^known=/!p' chain
  [ -n "$incremental" ] || return
  if $node -e "$(cat snapshot.cjs)" tar.snapshot "$((packing - started + ${NKVM_CHAIN_MARGIN_SECONDS:-60}))" &&
    { snapshot_head && cat tar.snapshot known; } | $compressor >snapshot.gz &&
    $node -e "$hash_js" snapshot.sum <snapshot.gz >/dev/null && read -r bytes sha256 <snapshot.sum; then
    printf 'snapshotBytes=%s\nsnapshotSha256=%s\n' "$bytes" "$sha256"
  fi
}

snapshot_head() {
  printf '{"formatVersion":1,"archive":"%s","tarBytes":%s,"entries":%s,"sample":' \
    "$archive" "$(wc -c <tar.snapshot)" "$(sed -n 's/^known=//p' chain)" && cat sample && echo '}'
}
