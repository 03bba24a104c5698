import type { Area } from './cluster.ts';

const HEAD = `# What NKVM relies on in Kubernetes

Each line is a test in [tests/contract](../../tests/contract). All of them hold on a real Kubernetes 1.36
(\`npm run test:cluster\`) and on the [playground](../../tests/playground/README.md) (\`npm test\`), the small Kubernetes that
the demo and the fast tests run on. Where the two differ, the playground is wrong.

This page is made from the tests.

A cluster …
`;

/** @returns the page that lists the behaviours. */
export const contractPage = (areas: readonly Area[]): string =>
  [
    HEAD,
    ...areas.map(
      ({ title, behaviours }) =>
        `## ${title}\n\n${behaviours.map(({ says }) => `- ${says}`).join('\n')}\n`
    ),
  ].join('\n');
