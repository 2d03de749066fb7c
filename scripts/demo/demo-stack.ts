import { claimPort } from '../stack/ports.ts'
import { PORT_SETTINGS, stackSettings } from '../stack/settings.ts'
import type { StackSettings } from '../stack/settings.ts'
import { runningStack, startStack } from '../stack/stack.ts'
import type { Say, StackRecord } from '../stack/stack.ts'

/** The stack that the demo works on. */
export type DemoStack = Pick<StackRecord, 'apiUrl' | 'apiKey'> & {
  /** Started for the demo, and stopped with it. */
  isOwn: boolean
  /** Rejects with the cause when a part was given up; never resolves. */
  givenUp: Promise<never>
  stop: () => Promise<void>
}

/**
 * The stack that runs in `dir` already, else one of our own there. Throws one sentence when a part
 * cannot be had.
 */
export async function demoStack(dir: string, say: Say, signal: AbortSignal): Promise<DemoStack> {
  const running = runningStack(dir)
  if (running) {
    return { ...running, isOwn: false, givenUp: new Promise(() => {}), stop: async () => {} }
  }
  // Only while it starts: a stack that is up is needed for canceling the render, and stopped after it.
  const starting = new AbortController()
  const giveUp = () => starting.abort(signal.reason)
  signal.addEventListener('abort', giveUp)
  try {
    signal.throwIfAborted()
    return { ...(await start(dir, say, starting.signal)), isOwn: true }
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

async function start(dir: string, say: Say, signal: AbortSignal) {
  const settings = stackSettings(process.env, { dir })
  try {
    return await startStack(await withFreePorts(settings), say, signal)
  } catch (error) {
    signal.throwIfAborted()
    // Another stack may have taken one of the ports since we looked. Not so with free ones.
    if (await isAllFree(settings)) throw error
    say('Trying again on other ports')
    return startStack(stackSettings({}, { dir, freePorts: true }), say, signal)
  }
}

/**
 * The usual ports, so that the demo's links work again under `npm start`; free ones in place of those
 * that other programs have.
 */
async function withFreePorts(settings: StackSettings): Promise<StackSettings> {
  const ports = { ...settings.ports }
  for (const key of portKeys()) {
    if (!(await isFree(settings, key))) ports[key] = 0
  }
  return { ...settings, ports }
}

async function isAllFree(settings: StackSettings): Promise<boolean> {
  for (const key of portKeys()) {
    if (!(await isFree(settings, key))) return false
  }
  return true
}

async function isFree({ ports }: StackSettings, key: keyof typeof PORT_SETTINGS): Promise<boolean> {
  const { part, variable } = PORT_SETTINGS[key]
  try {
    await claimPort(part, variable, ports[key])
    return true
  } catch {
    return false
  }
}

function portKeys() {
  return Object.keys(PORT_SETTINGS) as (keyof typeof PORT_SETTINGS)[]
}
