import { z } from 'zod';

/** A known weakness that stays for a while, and why that is right. */
export const AuditException = z.strictObject({
  /** Id of the advisory, `GHSA-…`. */
  advisory: z.string().regex(/^GHSA(-[23456789cfghjmpqrvwx]{4}){3}$/),
  package: z.string(),
  /** Why it does no harm here, for a reader who does not know the code. */
  why: z.string().min(30),
  /** The last day on which it is accepted. */
  until: z.iso.date(),
});
export type AuditException = z.infer<typeof AuditException>;

/** The part of `npm audit --json` that is used. */
export const AuditReport = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      via: z.array(
        z.union([
          z.string(),
          z.object({ name: z.string(), title: z.string(), url: z.string(), severity: z.string() }),
        ])
      ),
    })
  ),
});
export type AuditReport = z.infer<typeof AuditReport>;

/** @param today `YYYY-MM-DD` */
export function auditVerdict(
  { vulnerabilities }: AuditReport,
  exceptions: readonly AuditException[],
  today: string
): { problems: string[]; explained: string[] } {
  const advisories = new Map(
    Object.values(vulnerabilities)
      .flatMap(({ via }) => via.filter(each => typeof each !== 'string'))
      .map(each => [each.url.split('/').at(-1) ?? each.url, each])
  );
  const problems: string[] = [];
  const explained: string[] = [];
  for (const [id, { name, title, severity }] of advisories) {
    const exception = exceptions.find(each => each.advisory === id && each.package === name);
    const what = `${id} ${name} (${severity}): ${title}`;
    if (!exception) problems.push(`${what}: not explained`);
    else if (exception.until < today) problems.push(`${what}: accepted until ${exception.until}`);
    else explained.push(`${what}: accepted until ${exception.until}: ${exception.why}`);
  }
  for (const { advisory, package: name } of exceptions) {
    if (advisories.get(advisory)?.name !== name)
      problems.push(`${advisory} ${name}: explained, and npm does not report it any more`);
  }
  return { problems, explained };
}
