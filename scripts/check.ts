// `npm run check [-- step …]`: everything that a machine can judge without a running stack, in under a
// minute. Every step runs, whatever the others say; the last lines tell which failed.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './stack/toolchain.ts'

const exists = (folder: string) => existsSync(join(projectRoot, folder))
const bin = (name: string) => join('node_modules', '.bin', name)
/** What the compiler found out about files that have not changed since; a quarter of the time. */
const remembering = (name: string) => [
  '--incremental',
  ...['--tsBuildInfoFile', join('node_modules', '.cache', 'tsc', `${name}.tsbuildinfo`)],
]

/** The longest first, so that the short ones fill the second lane. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  types: [bin('tsc'), '-p', 'tsconfig.json', ...remembering('types')],
  lint: [bin('oxlint')],
  format: [bin('oxfmt'), '--check'],
  'workflow types': [bin('tsc'), '-p', 'tsconfig.workflows.json', ...remembering('workflow-types')],
  walls: [
    bin('depcruise'),
    ...['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long'],
    ...['src', 'scripts', 'test', 'bench', 'lint', 'examples'].filter(exists),
  ],
  'dead code': [bin('knip')],
  'workflow bundle': ['scripts/bundle-workflows.ts'],
  'migration drift': ['scripts/check/migration-drift.ts'],
  'domain tests': [bin('vitest'), 'run', '--project', 'domain'],
}

/** Two cores are what a small machine has. */
const AT_ONCE = 2

interface Outcome {
  readonly name: string
  readonly passed: boolean
}

async function runStep(name: string, args: readonly string[]): Promise<Outcome> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const [code] = (await once(child, 'close')) as [number | null]
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  const passed = code === 0
  console.log(`${passed ? '✓' : '✗'} ${name} (${seconds} s)`)
  if (!passed) console.log(output.trimEnd().replace(/^/gm, '    '))
  return { name, passed }
}

async function run(wanted: readonly string[]): Promise<number> {
  if (wanted.includes('--help')) {
    console.log(`npm run check -- [step …]\n\nSteps: ${Object.keys(STEPS).join(', ')}.`)
    return 0
  }
  const unknown = wanted.filter((name) => !Object.hasOwn(STEPS, name))
  if (unknown.length > 0) {
    console.error(
      `No such step: ${unknown.join(', ')}. There are: ${Object.keys(STEPS).join(', ')}.`,
    )
    return 2
  }
  const waiting = Object.entries(STEPS).filter(
    ([name]) => wanted.length === 0 || wanted.includes(name),
  )
  const outcomes: Outcome[] = []
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      outcomes.push(await runStep(...step))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  const failed = outcomes.filter(({ passed }) => !passed).map(({ name }) => name)
  console.log(
    failed.length === 0
      ? `\nAll ${outcomes.length} checks passed.`
      : `\n${failed.length} of ${outcomes.length} checks failed: ${failed.join(', ')}.`,
  )
  return failed.length === 0 ? 0 : 1
}

process.exitCode = await run(process.argv.slice(2))
