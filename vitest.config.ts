import { defineConfig } from 'vitest/config'

/**
 * Each tier is a project: `npm test -- --project adapters`. Its folder under test/ has its name. The times
 * are for what hangs, and must hold on a machine that is ten times slower than ours.
 */
const TIERS = {
  /** Pure code; part of `npm run check`. */
  domain: 30_000,
  /** The client, without a server. */
  sdk: 60_000,
  /** The house rules, through the real linters. */
  lint: 120_000,
  config: 60_000,
  deploy: 120_000,
  adapters: 120_000,
  db: 120_000,
  activities: 120_000,
  workflows: 240_000,
  replay: 240_000,
  api: 120_000,
  scripts: 240_000,
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
