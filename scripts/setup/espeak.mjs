import { findProgram } from './command.mjs'
import { canUseApt, ensureDebianPackage } from './debian.mjs'

/**
 * Finds espeak-ng (SPOOL_ESPEAK_PATH → PATH), or installs Debian's as root. Returns its path, or null: speech
 * without a key then comes from FFmpeg's own voice, in English only.
 */
export async function ensureEspeak({ note, onOutput }) {
  const find = () => findProgram(process.env.SPOOL_ESPEAK_PATH || 'espeak-ng')
  const found = find()
  if (found || process.env.SPOOL_ESPEAK_PATH || !canUseApt()) return found
  const installed = await ensureDebianPackage('espeak-ng', onOutput)
  if (!installed.ok) note(`espeak-ng could not be installed (${installed.reason}).`)
  return installed.ok ? find() : null
}
