/** Words to avoid, and better ones. */
export interface Rule {
  avoid: RegExp;
  write: string;
}

/** For everything a person reads: messages, pages, documents, comments. */
const ALWAYS: Rule[] = [
  { avoid: /\blast words\b/i, write: 'last output' },
  { avoid: /(?<!last )\bwords of (tar|the|a)\b/i, write: 'messages of …' },
  { avoid: /\btold to (end|stop)\b/i, write: 'asked to stop, or: is terminating' },
  { avoid: /\b(has|have|had|was|were|is|are|be) given up\b/i, write: 'ended, or: was abandoned' },
  {
    avoid:
      /(?<!\bthere )\b(is|are|was|were) no (archive|backup|restore|list|name|file|failure|claim|key|reason|part|tar)\b/i,
    write: 'is not a …',
  },
  { avoid: /(?<!\bthere )\b(is|are|was|were) none\b/i, write: 'is not a …, or: there is no …' },
  {
    avoid: /\bnobody (can|could) (say|tell)\b/i,
    write: 'name the actor: the API server did not answer',
  },
  { avoid: /\bof ours\b/i, write: 'of NKVM' },
  { avoid: /\bhappens twice\b/i, write: 'happens again' },
  { avoid: /\b(made|makes|make|making) (it |them )?again\b/i, write: 'recreated' },
  { avoid: /\bin earnest\b/i, write: 'by a restore' },
  { avoid: /\bwithout a word\b/i, write: 'without a message' },
];

/** A noun clause in place of a subject, or the beginning of a riddle. A question may begin like this. */
const CLAUSE =
  /(?:^|[.!?:;] +)(What(?! to do)|Whatever|Whoever|Whichever|Somebody who|Anybody who|Who)\b(?![^.!?]*\?)/;

/** For messages and hints: the service speaks about named actors, never about itself as a person. */
const IN_MESSAGES: Rule[] = [
  {
    avoid: /\b(nobody|somebody|anybody|someone|anyone|whoever|everybody)\b/i,
    write: 'name the actor',
  },
  { avoid: /\b(we|us|our|ours|my|myself)\b|\bI\b(?!\/)/, write: 'NKVM' },
  { avoid: /\bplease\b|\bsorry\b|\boops\b/i, write: 'leave it out' },
  { avoid: /\b(failed|unable) to\b/i, write: 'cannot …, or: could not …' },
  { avoid: /\bsidecar\b/i, write: 'NKVM' },
  { avoid: /\b(is|was|are|were) away\b/i, write: 'is unavailable' },
  { avoid: /\btakes? no (more|further|byte|file|changes)\b/i, write: 'does not accept …' },
  {
    avoid: /\b(undefined|callback|AbortSignal|fan-out|Promise|stack trace)\b/,
    write: 'what it means to the reader',
  },
  { avoid: /\bbroke off\b|\bbreaks off\b/i, write: 'was interrupted' },
  { avoid: /\blook(s|ed)? (at|into|whether)\b/i, write: 'check' },
  { avoid: /\b(it is|is|are) tried again\b/i, write: 'NKVM tries again' },
  { avoid: /^error\b/i, write: 'the thing that is wrong first' },
];

const matching = (rules: readonly Rule[], text: string): string[] =>
  rules.flatMap(({ avoid, write }) => {
    const found = avoid.exec(text)?.[0];
    return found === undefined ? [] : [`“${found.trim()}”: ${write}`];
  });

/** @returns what is wrong with any text that a person reads; `text` without markup. */
export const faultsOf = (text: string): string[] => [
  ...(CLAUSE.test(text)
    ? [`“${CLAUSE.exec(text)?.[1]}” begins a sentence: a noun is the subject`]
    : []),
  ...matching(ALWAYS, text),
];

/** Longer messages are not read: they are shown in a row of a list and in an Event. In characters, values left out. */
const LONGEST_MESSAGE = 260;
const LONGEST_HINT = 300;

/** Nouns that begin with a capital letter. */
const NAMES =
  /^(NKVM|API|SHA|SSH|SFTP|HTTP|GET|POST|DNS|TLS|S3|Secret|Secrets|Lease|Pod|PersistentVolume|PersistentVolumeClaim|StorageClass|ServiceAccount|ClusterRole|ResourceQuota|LimitRange|Argo|Flux|HorizontalPodAutoscaler|KEDA|CronJob|DaemonSet|StatefulSet|Deployment|Job|Kubernetes|SELinux|Linux|NFS|SecurityContextConstraints|ReadWriteOncePod|ReadWriteOnce|OpenShift|Kyverno|Gatekeeper|Istio|Linkerd|Windows|CSI|Role|RoleBinding|Service|Node|Event|Events)\b/;

/**
 * @param text a message: lower case and no full stop, because it is shown as `stage: message`. `…` is in place of values.
 * @returns what is wrong with it
 */
export const faultsOfMessage = (text: string): string[] => [
  ...faultsOf(text),
  ...faultsOfCase(text),
  ...matching(IN_MESSAGES, text),
  ...(/^(what|whatever|whoever|who)\b/.test(text)
    ? ['a clause is the subject: begin with a noun']
    : []),
  ...(text.length > LONGEST_MESSAGE
    ? [`${text.length} characters, more than ${LONGEST_MESSAGE}`]
    : []),
];

/** How a hint may begin: with a verb that says what to do, after a condition, or with the fact that nothing is to be done. */
const IMPERATIVE =
  /^(…|nothing to do|(?:if|for|in|on|at|after|before|unless|when|with|over) |(?:add|adopt|allow|apply|ask|back|bind|cancel|change|check|choose|close|compare|configure|convert|copy|correct|create|decrypt|delete|do not|download|enlarge|exempt|fetch|find|fix|free|get|give|grant|increase|install|label|let|list|load|lower|make|mount|move|name|open|pause|percent-encode|put|raise|read|reduce|remove|rename|renew|repair|replace|report|restart|restore|retry|run|say|scale|see|send|set|show|split|start|stop|store|suspend|switch|take|test|try|turn|undo|unlock|unpack|upgrade|upload|use|verify|wait|write)\b)/;

/** @param text a hint: what the reader does next, in lower case and without a full stop */
export const faultsOfHint = (text: string): string[] => [
  ...faultsOf(text),
  ...faultsOfCase(text),
  ...matching(IN_MESSAGES, text),
  ...(text === '' ? ['a hint is missing'] : []),
  ...(/nothing to do.*nothing to do/.test(text) ? ['says “nothing to do” twice'] : []),
  ...(text !== '' && !IMPERATIVE.test(text) && !NAMES.test(text) && !/^`?\/?GET /.test(text)
    ? ['a hint begins with a verb that says what to do, or with “nothing to do: …”']
    : []),
  ...(text.length > LONGEST_HINT ? [`${text.length} characters, more than ${LONGEST_HINT}`] : []),
];

const faultsOfCase = (text: string): string[] => [
  ...(/^[A-Z][a-z]/.test(text) && !NAMES.test(text) ? ['begins with a capital letter'] : []),
  ...(/[.!,;:]$/.test(text) ? ['ends with a punctuation mark'] : []),
  ...(/ {2}|\n/.test(text) ? ['has two spaces or a line break'] : []),
];
