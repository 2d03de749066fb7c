import { defineConfig } from 'vitest/config'

/** Each tier is a project: `npm test -- --project adapters`. Its folder under test/ has its name. */
const TIERS = {
  /** Pure code; part of `npm run check`. */
  domain: 10_000,
  /** The client, without a server. */
  sdk: 20_000,
  /** The house rules, through the real linters. */
  lint: 60_000,
  config: 30_000,
  deploy: 60_000,
  adapters: 60_000,
  db: 60_000,
  activities: 60_000,
  workflows: 120_000,
  replay: 120_000,
  api: 60_000,
  scripts: 120_000,
} as const satisfies Record<string, number>

const project = (name: string, timeoutMs: number, include: string[]) => ({
  extends: true as const,
  test: { name, include, testTimeout: timeoutMs, hookTimeout: timeoutMs },
})

export default defineConfig({
  test: {
    // A process per file: native encoders and Temporal's core do not live well in threads.
    pool: 'forks',
    // Two cores are what a small machine has, and FFmpeg takes both.
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      ...Object.entries(TIERS).map(([name, timeoutMs]) =>
        project(name, timeoutMs, [`test/${name}/**/*.test.ts`]),
      ),
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Whole stacks with kills in them: after everything else, one at a time.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
        },
      },
    ],
  },
})
