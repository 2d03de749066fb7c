import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100

/**
 * Runs `work` while holding a lock file, so that two set-ups do not do the same slow thing at once.
 * The second waits (`onWait` is told once). A lock whose owner is no longer alive is taken over.
 */
export async function exclusively(lockFile, work, onWait = () => {}) {
  mkdirSync(dirname(lockFile), { recursive: true })
  let told = false
  while (!acquire(lockFile)) {
    if (!told) onWait(ownerOf(lockFile))
    told = true
    await delay(POLL_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(lockFile, { force: true })
  }
}

function acquire(lockFile) {
  try {
    const handle = openSync(lockFile, 'wx')
    writeSync(handle, String(process.pid))
    closeSync(handle)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  if (!isAlive(ownerOf(lockFile))) rmSync(lockFile, { force: true })
  return false
}

function ownerOf(lockFile) {
  try {
    return Number(readFileSync(lockFile, 'utf8'))
  } catch {
    return NaN
  }
}

function isAlive(pid) {
  // An empty lock file was just made by somebody who has not written his number yet.
  if (pid === 0) return true
  if (!Number.isInteger(pid)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
