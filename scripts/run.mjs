// `node scripts/run.mjs <script.ts> [arguments]`: set-up if anything is missing, then the script on
// the project's own Node, with its input, output, signals and exit code passed through.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ensureChromium } from './setup/chromium.mjs'
import { ensureS3Server } from './setup/s3-server.mjs'
import { orExplain, setUp } from './setup/set-up.mjs'

const PARENT_POLL_MS = 500

await orExplain(async () => {
  const { toolchain } = await setUp({ verbose: process.argv.includes('--verbose') })
  const [script] = process.argv.slice(2)
  if (script === 'scripts/test.ts') await prepareTests()
  process.exitCode = await runOnProjectNode(toolchain.nodePath, process.argv.slice(2))
})

/** What only the tests need. */
async function prepareTests() {
  const note = (line) => process.stderr.write(`  ${line}\n`)
  const root = fileURLToPath(new URL('..', import.meta.url))
  const path = await ensureS3Server({ root, note })
  if (path) process.env.TEST_S3_SERVER = path
  const chromium = await ensureChromium({ note })
  if (chromium) process.env.TEST_CHROMIUM = chromium
}

/** Resolves with the exit code; 128 + number for a signal, as shells do. */
function runOnProjectNode(nodePath, args) {
  // The channel tells the script when this process is gone without having been able to say so.
  const child = spawn(nodePath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the script as well; twice would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  stopWithNpm(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/**
 * npm that is killed does not always tell what it started, and a stack that nobody sees would run on.
 * Outside npm an orphan is left alone: that is how people put a server in the background.
 */
function stopWithNpm(child) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, PARENT_POLL_MS)
  watch.unref()
}
