import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { stackSettings } from '../../scripts/stack/settings.ts'
import { runningStack, startStack } from '../../scripts/stack/stack.ts'
import { eventually, tempFolder } from './temp-folder.ts'

/** The whole of `npm start`, in a folder and on ports of its own. */
it(
  'the stack serves the demo account, replaces a killed part, and leaves nothing',
  { timeout: 120_000 },
  async () => {
    const dir = tempFolder()
    const said: string[] = []
    const settings = stackSettings({}, { dir, freePorts: true })
    const stack = await startStack(settings, (line) => said.push(line))
    onTestFinished(() => stack.stop())
    const file = join(dir, 'stack.json')
    const record = () => JSON.parse(readFileSync(file, 'utf8'))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(runningStack(dir)).toEqual(record())
    expect(Object.keys(record().pids).toSorted()).toEqual(['api', 'postgres', 'temporal', 'worker'])
    await expect(startStack(settings, () => {})).rejects.toThrow(/already runs here/)

    const account = await fetch(`${stack.apiUrl}/v1/account`, {
      headers: { authorization: `Bearer ${stack.apiKey}` },
    })
    expect(await account.json()).toMatchObject({ plan: 'creator', credits: { available: 36_000 } })

    const killed = record().pids.worker
    process.kill(killed, 'SIGKILL')
    await eventually(() => said.some((line) => line.startsWith('worker died (SIGKILL)')))
    await eventually(() => record().pids.worker !== killed)

    await stack.stop()
    expect(existsSync(file)).toBe(false)
    expect(runningStack(dir)).toBeNull()
    await expect(fetch(`${stack.apiUrl}/healthz`)).rejects.toThrow('fetch failed')
  },
)
