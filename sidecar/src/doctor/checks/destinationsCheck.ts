import type { DoctorFinding } from '../../../api/index.ts';
import { LOCAL_DESTINATION } from '../../../api/index.ts';
import type { Place } from '../../destinations/places.ts';
import type { WatchedPlaces } from '../../destinations/places/watchPlaces.ts';
import { sizeText } from '../../destinations/size.ts';
import { StageError, textOf } from '../../errors.ts';
import type { History } from '../../history/history.ts';
import { within } from '../../within.ts';
import type { Viewer } from '../doctor.ts';
import { fails, fine, warns, worstOf } from '../finding.ts';
import { timeText } from './timeText.ts';

/** A key that no archive has. */
const NO_SUCH_KEY = 'nkvm-look';

/** Shorter than the limit of the check, so that one that hangs does not hide the others. */
const LIMIT_MS = 8_000;

/** Asks each destination for something; nothing is written there. */
export async function checkDestinations(
  places: Pick<WatchedPlaces, 'all' | 'status' | 'problems'>,
  history: Pick<History, 'provenAt'>,
  { seesDestinations }: Viewer,
  limitMs = LIMIT_MS
): Promise<DoctorFinding[]> {
  const found = await Promise.all(
    places.all().map(place => lookAt(place, places, history, limitMs))
  );
  const unused = places.problems().length;
  if (unused > 0)
    found.push(
      warns(
        `Secrets with the label of a destination that are not used: ${unused}`,
        'the log of NKVM says why of each'
      )
    );
  return seesDestinations ? found : [withoutNames(found)];
}

async function lookAt(
  { name, kind, location, isDefault, isRequired, use }: Place,
  places: Pick<WatchedPlaces, 'status'>,
  history: Pick<History, 'provenAt'>,
  limitMs: number
): Promise<DoctorFinding> {
  const what = `destination ${name} (${kind}, ${location}${isDefault ? ', default' : ''})`;
  const { lastProvenAt } = history.provenAt(name);
  const proven = lastProvenAt
    ? `an archive there was last proven ${timeText(lastProvenAt)}`
    : 'no archive there was proven yet';
  try {
    const limit = AbortSignal.timeout(limitMs);
    const destination = use();
    const free = await within(limit, destination.freeBytes());
    if (free === undefined) await within(limit, destination.stat(NO_SUCH_KEY));
    const space = free === undefined ? '' : `; ${sizeText(free)} are free`;
    const isInsecure = places.status(name)?.isInsecure ?? false;
    const text = `${what} answers${space}; ${proven}`;
    return isInsecure
      ? warns(
          `${text}; the connection is not secure: it has no TLS, or nothing checks the certificate or host key`,
          'change the settings of this destination if its network is not trusted; docs/destinations has the page of its kind'
        )
      : fine(text);
  } catch (error) {
    const isLate = error instanceof DOMException;
    const why = isLate ? `it does not answer within ${limitMs / 1000} s` : textOf(error);
    const toDo =
      error instanceof StageError
        ? error.hint
        : 'see that the storage is there and that NKVM may reach it';
    const text = `${what} cannot be used: ${why}; ${proven}`;
    return isRequired || name === LOCAL_DESTINATION ? fails(text, toDo) : warns(text, toDo);
  }
}

function withoutNames(found: DoctorFinding[]): DoctorFinding {
  const bad = found.filter(({ outcome }) => outcome !== 'ok').length;
  if (bad === 0) return fine(`all ${found.length} destinations answer`);
  return {
    outcome: worstOf(found),
    text: `findings on destinations that need attention: ${bad}`,
    toDo: 'ask a person who may `get destinations.nkvm.io` in the namespace of NKVM',
    paste: null,
  };
}
