import { Loader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Button, Stack, Typography } from '@mui/material';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ArchiveFile, Backup } from '../../sidecar/api';
import { useFiles } from '../api/queries/archiveQueries';
import { type Trouble, troubleOf } from '../api/trouble';
import { Shown } from '../setup/Shown';
import { troubleText } from '../setup/troubleText';
import { Announcement } from '../ui/Announcement';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { useTimeZone } from '../ui/time/useFormatDate';
import { useUrlParameters } from '../ui/useUrlParameters';
import { Crumbs } from './Crumbs';
import { FileDetails } from './FileDetails';
import { FileGrid } from './FileGrid';
import { FileSearch } from './FileSearch';
import { MAX_SELECTED, selectedBy, type Selection, toggled, withSelected } from './selection';
import { SelectionBar } from './SelectionBar';
import { useDownload } from './useDownload';
import { isSearch, parametersOf, parentOf, queryOf, type Sort, type View, viewOf } from './view';

/** What is in an archive: a folder, or what a search finds, and what can be done with it. */
export function FileBrowser({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t, language } = useText();
  const [parameters, changeUrl] = useUrlParameters();
  const view = viewOf(parameters);
  const timeZone = useTimeZone();
  const go = (changes: Partial<View>, isStep = false) =>
    changeUrl(parametersOf({ ...view, ...changes }), isStep);
  const [selection, setSelection] = useState<Selection>(new Set());
  const [detailed, setDetailed] = useState<ArchiveFile>();
  const { download, isBusy } = useDownload(cluster);
  const ref = { id: backup.id, namespace: backup.namespace };
  const asked = useFiles(cluster, ref, queryOf(view, timeZone));
  const { value: pages, loadMore } = asked;
  const files = useMemo(() => pages?.flatMap(({ files }) => files) ?? [], [pages]);
  const more = useMore(loadMore);

  const place = useRef<HTMLDivElement>(null);
  const openFolder = (path: string) => {
    // The list goes, and with it the focus.
    if (place.current?.contains(document.activeElement)) place.current.focus();
    go({ ...EVERYTHING, path }, true);
  };
  const goUp = () => {
    if (isSearch(view)) openFolder(view.path);
    else if (view.path) openFolder(parentOf(view.path));
  };
  const open = (file: ArchiveFile) =>
    file.type === 'directory' ? openFolder(file.path) : setDetailed(file);
  const sort = (by: Sort) =>
    go({ sort: by, order: by === view.sort && view.order === 'asc' ? 'desc' : 'asc' });
  const paths = files.map(({ path }) => path);
  const isAllSelected = paths.every(path => selectedBy(selection, path) !== 'no');
  const folder = view.path || backup.name;

  return (
    <Stack spacing={1.5}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center' }}>
        <Box sx={{ flex: '1 1 16rem', minWidth: 0 }}>
          <Crumbs root={backup.name} path={view.path} onOpen={openFolder} />
        </Box>
        <FileSearch view={view} onChange={go} />
      </Box>
      {/* Keeps the focus, and the way up, while the list is another one. */}
      <Stack
        ref={place}
        spacing={1.5}
        tabIndex={-1}
        onKeyDown={event => {
          if (event.key === 'Backspace' && event.target === event.currentTarget) goUp();
        }}
        sx={{ outline: 'none' }}
      >
        <Shown
          cluster={cluster}
          asked={asked}
          isPart
          namespace={backup.namespace}
          loading={<Opening />}
          missing={
            isNoFolder(asked.trouble) ? (
              <Message
                severity="info"
                action={
                  view.path ? (
                    <Button size="small" color="inherit" onClick={() => openFolder('')}>
                      {t('To the top folder')}
                    </Button>
                  ) : undefined
                }
              >
                {t('This archive does not contain the folder.')}
              </Message>
            ) : undefined
          }
        >
          {([first]) => {
            const total = first?.total ?? 0;
            return (
              <>
                <IndexNotice index={first?.index} canReadRanges={first?.canReadRanges ?? true} />
                <SelectionBar
                  cluster={cluster}
                  backup={backup}
                  total={total}
                  isSearch={isSearch(view)}
                  selection={selection}
                  isBusy={isBusy}
                  onDownload={() => void download(ref, [...selection])}
                  onDetails={path => setDetailed(files.find(file => file.path === path))}
                  fileAt={path => files.find(file => file.path === path)}
                  onClear={() => setSelection(new Set())}
                />
                {total === 0 ? (
                  <Empty isSearch={isSearch(view)} onClear={() => go(EVERYTHING)} />
                ) : (
                  <FileGrid
                    label={
                      isSearch(view)
                        ? t('Found in {{folder}}', { folder })
                        : t('Files in {{folder}}', { folder })
                    }
                    files={files}
                    total={total}
                    view={view}
                    selection={selection}
                    loadMore={more.load}
                    isLoadingMore={asked.isLoadingMore}
                    onSort={sort}
                    onOpen={open}
                    onToggle={({ path }) => setSelection(toggled(selection, path))}
                    onToggleAll={() =>
                      setSelection(
                        isAllSelected
                          ? new Set([...selection].filter(path => !paths.includes(path)))
                          : withSelected(selection, paths)
                      )
                    }
                    onParent={goUp}
                    place={place}
                    onClear={() => setSelection(new Set())}
                  />
                )}
                {more.trouble && <MoreTrouble trouble={more.trouble} onRetry={more.retry} />}
                {selection.size >= MAX_SELECTED && (
                  <Message severity="warning">
                    {t('At most {{number}} entries can be selected. Select their folder instead.', {
                      number: MAX_SELECTED.toLocaleString(language),
                    })}
                  </Message>
                )}
                <Announcement
                  text={t('{{number}} of {{total}} entries are loaded', {
                    number: files.length.toLocaleString(language),
                    total: total.toLocaleString(language),
                  })}
                />
              </>
            );
          }}
        </Shown>
      </Stack>
      {detailed && (
        <FileDetails
          cluster={cluster}
          backup={backup}
          file={detailed}
          isBusy={isBusy}
          onDownload={() => void download(ref, [detailed.path])}
          onClose={() => setDetailed(undefined)}
        />
      )}
    </Stack>
  );
}

/** Takes a search and its filters away. */
const EVERYTHING: Partial<View> = {
  search: '',
  minBytes: undefined,
  maxBytes: undefined,
  after: undefined,
  before: undefined,
};

/** Asks for the next page once, and not again by itself when that fails. */
function useMore(loadMore: (() => Promise<void>) | undefined) {
  const [trouble, setTrouble] = useState<Trouble>();
  const latest = useRef(loadMore);
  latest.current = loadMore;
  const [load] = useState(() => () => {
    latest.current?.().then(
      () => setTrouble(undefined),
      error => setTrouble(troubleOf(error))
    );
  });
  return {
    trouble,
    load: loadMore && !trouble ? load : undefined,
    retry() {
      setTrouble(undefined);
      load();
    },
  };
}

function MoreTrouble({ trouble, onRetry }: { trouble: Trouble; onRetry(): void }) {
  const { t } = useText();
  const { title, text } = troubleText(trouble, t);
  return (
    <Message
      severity="warning"
      action={
        <Button size="small" color="inherit" onClick={onRetry}>
          {t('Try again')}
        </Button>
      }
    >
      {`${t('There are more entries.')} ${title}. ${text}`}
    </Message>
  );
}

const SLOW_MS = 2_000;

/** An archive without an index is read as a whole first: who waits is told why. */
function Opening() {
  const { t } = useText();
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Box role="status">
      <Loader title="" />
      {isSlow && (
        <Typography color="text.secondary" align="center">
          {t(
            'Opening the archive. An archive without an index is read completely once, which can take minutes.'
          )}
        </Typography>
      )}
    </Box>
  );
}

/** The archive is there, but not the folder of the address. */
const isNoFolder = (trouble?: Trouble): boolean =>
  trouble?.kind === 'notFound' && trouble.message.startsWith('the archive has nothing at');

interface IndexNoticeProps {
  index?: 'stored' | 'rebuilt';
  canReadRanges: boolean;
}

function IndexNotice({ index, canReadRanges }: IndexNoticeProps) {
  const { t } = useText();
  const texts = [
    ...(index === 'rebuilt'
      ? [t('This archive has no index, so it was read completely to list its files.')]
      : []),
    ...(canReadRanges
      ? []
      : [
          t(
            'The archive is one compressed stream, so downloading or restoring a file also reads everything before it.'
          ),
        ]),
  ];
  return texts.length > 0 ? <Message severity="info">{texts.join(' ')}</Message> : null;
}

function Empty({ isSearch, onClear }: { isSearch: boolean; onClear(): void }) {
  const { t } = useText();
  return (
    <Message
      severity="info"
      action={
        isSearch ? (
          <Button size="small" color="inherit" onClick={onClear}>
            {t('Clear search')}
          </Button>
        ) : undefined
      }
    >
      {isSearch ? t('Nothing in this folder matches.') : t('This folder is empty.')}
    </Message>
  );
}
