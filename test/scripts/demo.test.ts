import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { demoReport } from '../../scripts/demo/demo-results.ts'
import { demoOptions } from '../../scripts/demo/options.ts'
import type { DemoOptions } from '../../scripts/demo/options.ts'
import { DEMO_STEPS, runDemo } from '../../scripts/demo/run-demo.ts'
import type { StepRow } from '../../scripts/demo/step-display.ts'
import { runningStack } from '../../scripts/stack/stack.ts'

// As in a clone, a demo finds the data of those before it.
const dir = mkdtempSync(join(tmpdir(), 'spool-demo-'))
// PostgreSQL runs as another user when we are root, and has to pass through.
chmodSync(dir, 0o755)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

beforeEach(() => {
  vi.stubEnv('SPOOL_PORT', '0')
  // A stack of its own in every part, whatever the tests run on.
  vi.stubEnv('DATABASE_URL', '')
  vi.stubEnv('TEMPORAL_ADDRESS', '')
})

const asked = (args: string[]): DemoOptions => {
  const options = demoOptions(args, dir)
  if (options === 'help') throw new Error('help was not asked for')
  return options
}

/** A display that remembers, and asks to stop when `stopAt` is at work. */
function watching(stopAt?: string) {
  const stop = new AbortController()
  const last = new Map<string, Partial<StepRow>>()
  const display = {
    show: (change: Partial<StepRow> & { name: string }) => {
      last.set(change.name, { ...last.get(change.name), ...change })
      if (change.name === stopAt && change.status === 'processing') stop.abort()
    },
    say: () => {},
    close: () => {},
  }
  return { display, last, signal: stop.signal }
}

test('the demo leaves a video, two thumbnails, an audio file and no stack', async () => {
  const options = asked(['--start', '20', '--end', '22', '--format', '1:1'])
  const { display, last, signal } = watching()
  const { execution, video, results, isStackStopped } = await runDemo({
    options,
    dir,
    display,
    signal,
  })
  expect([...last.keys()].toSorted()).toEqual([...DEMO_STEPS].toSorted())
  expect([isStackStopped, runningStack(dir)]).toEqual([true, null])

  const report = demoReport(execution, video, results)
  expect(Object.keys(report)).toEqual([
    'executionId',
    'workflowId',
    'status',
    'videoPath',
    'videoUrl',
    'thumbnailPaths',
    'durationSeconds',
    'renderTimeSeconds',
    'creditsHeld',
    'creditsCaptured',
    'steps',
  ])
  expect(report).toMatchObject({
    status: 'completed',
    durationSeconds: 2,
    creditsHeld: 2,
    creditsCaptured: 2,
  })
  const folder = join(dir, 'demo', execution.id)
  const paths = [report.videoPath ?? '', ...report.thumbnailPaths, results?.audio.path ?? '']
  expect(paths).toHaveLength(4)
  for (const path of paths) {
    expect(path.startsWith(folder)).toBe(true)
    expect(statSync(path).size).toBeGreaterThan(1_000)
  }
})

test('a demo that is interrupted cancels its render and stops its stack', async () => {
  const { display, signal } = watching('remote render')
  const { execution, results } = await runDemo({
    options: asked([]),
    dir,
    display,
    signal,
  })
  expect(results).toBeNull()
  expect(execution).toMatchObject({
    status: 'canceled',
    credits: { held: 16, captured: 0, refunded: 16 },
  })
  const folder = join(dir, 'demo', execution?.id ?? '')
  expect([runningStack(dir), existsSync(folder)]).toEqual([null, false])
})

test('a song that is none fails at its upload, and the stack is stopped', async () => {
  const options = asked(['--song', import.meta.filename])
  const demo = runDemo({ options, dir, ...watching() })
  await expect(demo).rejects.toMatchObject({ step: 'upload the song' })
  expect(runningStack(dir)).toBeNull()
})
