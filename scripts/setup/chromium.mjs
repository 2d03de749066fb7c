import { findProgram, runCommand } from './command.mjs'
import { canUseApt, ensureDebianPackage } from './debian.mjs'

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * Finds the browser in which the tests let real players play: TEST_CHROMIUM → PATH → Debian's package,
 * as root. Returns its path, or null with a note why there is none: everything but those tests can be
 * run without.
 */
export async function ensureChromium({ note, onOutput }) {
  const found = await findChromium()
  if (found) return found
  const installed = canUseApt()
    ? await ensureDebianPackage('chromium', onOutput)
    : { ok: false, reason: 'none was found' }
  const second = installed.ok ? await findChromium() : null
  if (second) return second
  note(
    `There is no Chromium for the tests of players (${installed.reason ?? 'it does not run'}); install Chromium or Chrome, or point TEST_CHROMIUM to one.`,
  )
  return null
}

/** The path of one that is there already, or null. */
async function findChromium() {
  for (const name of [process.env.TEST_CHROMIUM, ...NAMES]) {
    const path = name ? findProgram(name) : null
    if (path && (await runCommand(path, ['--version'], { timeoutMs: 20_000 })).ok) return path
  }
  return null
}
