// `npm test [-- arguments of vitest]`: every test tier against a PostgreSQL and a Temporal of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from './stack/postgres.ts'
import { stopRequest } from './stack/stop-request.ts'
import { startTemporal } from './stack/temporal.ts'
import { projectRoot, toolchain } from './stack/toolchain.ts'

const VITEST = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs')

/** The part of vitest's JSON report that the last line is made of. */
type Report = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

async function run(): Promise<number> {
  const stopAsked = stopRequest()
  const dir = mkdtempSync(join(tmpdir(), 'spool-test-'))
  // PostgreSQL runs as another user when we are root. What that user cannot read and pass moves to a
  // folder that nobody would remove.
  chmodSync(dir, 0o755)
  const stops: (() => Promise<void>)[] = [async () => rmSync(dir, { recursive: true, force: true })]
  try {
    const { temporalPath, temporalServerVersion } = toolchain()
    const postgres = await startPostgres({
      dataDir: join(dir, 'postgres'),
      logFile: join(dir, 'postgres.log'),
      durable: false,
    })
    stops.push(postgres.stop)
    const temporal = await startTemporal({
      cliPath: temporalPath,
      dbFile: join(dir, `temporal-${temporalServerVersion}.db`),
      logFile: join(dir, 'temporal.log'),
    })
    stops.push(temporal.stop)
    const report = join(dir, 'report.json')
    const exitCode = await runVitest(report, stopAsked, {
      TEST_DATABASE_URL: postgres.url,
      TEST_TEMPORAL_ADDRESS: temporal.address,
      TEST_TEMPORAL_CLI: temporalPath,
      TEST_BUNDLE_DIR: dir,
      SPOOL_FFMPEG_PATH: toolchain().ffmpegPath,
      SPOOL_FFPROBE_PATH: toolchain().ffprobePath,
      SPOOL_PYTHON_PATH: toolchain().pythonPath ?? '',
      SPOOL_ESPEAK_PATH: toolchain().espeakPath ?? '',
    })
    console.log(summaryOf(report))
    return exitCode
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

async function runVitest(
  report: string,
  stopAsked: AbortSignal,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const child = spawn(
    toolchain().nodePath,
    [VITEST, 'run', ...reporters, ...process.argv.slice(2)],
    { cwd: projectRoot, stdio: 'inherit', env: { ...process.env, ...env } },
  )
  stopAsked.addEventListener('abort', () => child.kill('SIGTERM'))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + (signal ? constants.signals[signal] : 0)
}

/** `N passed, N failed, N skipped`; a file that could not even be loaded counts as one failed test. */
function summaryOf(reportFile: string): string {
  let report: Report
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
  } catch {
    return 'vitest ended without a report\n0 passed, 1 failed, 0 skipped'
  }
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  const failed = report.numFailedTests + unloaded
  const skipped = report.numPendingTests + report.numTodoTests
  return `${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`
}

process.exitCode = await run()
