/** What `/version` says: the Kubernetes whose behaviour this follows. */
export const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3+playground',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch}`,
};
