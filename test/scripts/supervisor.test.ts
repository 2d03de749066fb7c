import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { processIdentity } from '../../scripts/stack/process-identity.ts'
import { createSupervisor } from '../../scripts/stack/supervisor.ts'
import { IDLE, programPart } from './child-program.ts'
import { eventually, tempFolder } from './temp-folder.ts'

function supervised() {
  const said: string[] = []
  const supervisor = createSupervisor({ say: (line) => said.push(line) })
  onTestFinished(() => supervisor.stop())
  return { supervisor, said }
}

describe('supervisor', () => {
  it('restarts a part that is killed and says so in one line', async () => {
    const { supervisor, said } = supervised()
    await supervisor.start(programPart(tempFolder(), IDLE, { name: 'worker' }))
    const before = supervisor.pids().worker ?? 0
    process.kill(before, 'SIGKILL')
    await eventually(() => said.length > 0)
    const after = supervisor.pids().worker
    expect(after).not.toBe(before)
    expect(said).toEqual([`worker died (SIGKILL) and was restarted as process ${after}.`])
  })

  it('gives up on a part that keeps dying, with the cause from its log', async () => {
    const folder = tempFolder()
    const { supervisor, said } = supervised()
    const ready = async () => {
      if (!existsSync(join(folder, 'was-up'))) throw new Error('not yet')
    }
    const source = `
      import { existsSync, writeFileSync } from 'node:fs'
      const flag = ${JSON.stringify(join(folder, 'was-up'))}
      if (existsSync(flag)) throw new Error('the disk is full')
      writeFileSync(flag, '')
      setInterval(() => {}, 1000)`
    await supervisor.start(programPart(folder, source, { name: 'worker', ready }))
    process.kill(supervisor.pids().worker ?? 0, 'SIGKILL')
    await expect(supervisor.givenUp).rejects.toThrow(
      /gave up on worker after 5 quick deaths; .*exit code 1: .*the disk is full/,
    )
    expect(said).toHaveLength(4)
    expect(supervisor.pids()).toEqual({})
  })

  it('reports a part that cannot start at once, and keeps nothing of it', async () => {
    const { supervisor } = supervised()
    const part = programPart(tempFolder(), `throw new Error('SPOOL_SECRET is missing')`, {
      name: 'api',
      ready: () => Promise.reject(new Error('refused')),
    })
    await expect(supervisor.start(part)).rejects.toThrow(
      /api ended with exit code 1: .*SPOOL_SECRET is missing.*api\.log/,
    )
    expect(supervisor.pids()).toEqual({})
  })

  it('stops parts in the reverse order of their start, also after a restart', async () => {
    const folder = tempFolder()
    const order = join(folder, 'order')
    const { supervisor, said } = supervised()
    for (const name of ['database', 'server']) {
      const up = join(folder, `${name}-up`)
      const source = `
        import { appendFileSync, writeFileSync } from 'node:fs'
        process.on('SIGTERM', () => {
          appendFileSync(${JSON.stringify(order)}, '${name} ')
          process.exit()
        })
        writeFileSync(${JSON.stringify(up)}, String(process.pid))
        setInterval(() => {}, 1000)`
      const ready = async () => void readFileSync(up)
      await supervisor.start(programPart(folder, source, { name, ready }))
    }
    process.kill(supervisor.pids().database ?? 0, 'SIGKILL')
    await eventually(() => said.length > 0)
    const restarted = String(supervisor.pids().database)
    await eventually(() => readFileSync(join(folder, 'database-up'), 'utf8') === restarted)
    await supervisor.stop()
    expect(readFileSync(order, 'utf8')).toBe('server database ')
  })

  it('kills a part that ignores the polite request', async () => {
    const folder = tempFolder()
    const up = join(folder, 'up')
    const { supervisor } = supervised()
    const source = `
      import { writeFileSync } from 'node:fs'
      process.on('SIGTERM', () => {})
      writeFileSync(${JSON.stringify(up)}, '')
      setInterval(() => {}, 1000)`
    const ready = async () => void readFileSync(up)
    await supervisor.start(programPart(folder, source, { ready, stopGraceMs: 100 }))
    const pid = supervisor.pids().child ?? 0
    await supervisor.stop()
    expect(processIdentity(pid)).toBeNull()
  })

  it('leaves no grandchild of a killed part behind', async () => {
    const folder = tempFolder()
    const grandchildFile = join(folder, 'grandchild')
    const { supervisor, said } = supervised()
    const source = `
      import { spawn } from 'node:child_process'
      import { appendFileSync } from 'node:fs'
      const grandchild = spawn(process.execPath, ['-e', ${JSON.stringify(IDLE)}], { stdio: 'ignore' })
      appendFileSync(${JSON.stringify(grandchildFile)}, grandchild.pid + ' ')
      setInterval(() => {}, 1000)`
    const ready = async () => void readFileSync(grandchildFile)
    await supervisor.start(programPart(folder, source, { ready }))
    const grandchild = Number.parseInt(readFileSync(grandchildFile, 'utf8'), 10)
    expect(processIdentity(grandchild)).not.toBeNull()
    process.kill(supervisor.pids().child ?? 0, 'SIGKILL')
    await eventually(() => said.length > 0)
    await eventually(() => processIdentity(grandchild) === null)
  })

  it('keeps the log of earlier runs', async () => {
    const folder = tempFolder()
    const part = programPart(folder, IDLE)
    const { supervisor } = supervised()
    await supervisor.start(part)
    appendFileSync(part.logFile, 'first run\n')
    await supervisor.stop()
    const second = supervised()
    await second.supervisor.start(part)
    expect(readFileSync(part.logFile, 'utf8')).toContain('first run')
  })
})
