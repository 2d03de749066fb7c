import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import pino from 'pino'
import { sweepWorkspaces, withWorkspace } from '../../src/adapters/workspace.ts'
import { keepWorkspacesSwept } from '../../src/composition/workspace-sweep.ts'
import { eventually } from '../support/eventually.ts'

let workDir: string
beforeEach(async () => {
  workDir = join(await mkdtemp(join(tmpdir(), 'spool-workspace-')), 'work')
})
afterEach(() => rm(join(workDir, '..'), { recursive: true, force: true }))

describe('a workspace', () => {
  it('is private and is gone afterwards, with all that is in it', async () => {
    const result = await withWorkspace(workDir, 'exec_1', async (folderPath) => {
      expect((await stat(folderPath)).mode & 0o777).toBe(0o700)
      await mkdir(join(folderPath, 'deep', 'down'), { recursive: true })
      await writeFile(join(folderPath, 'deep', 'down', 'file'), 'x')
      return 'done'
    })
    expect(result).toBe('done')
    expect(await readdir(workDir)).toEqual([])
  })

  it('is gone when the work fails, and the failure is the one of the work', async () => {
    const run = withWorkspace(workDir, 'exec_1', () => Promise.reject(new Error('no luck')))
    await expect(run).rejects.toThrow('no luck')
    expect(await readdir(workDir)).toEqual([])
  })

  it('is not shared by two attempts for the same owner', async () => {
    await withWorkspace(workDir, 'same', async (one) => {
      await withWorkspace(workDir, 'same', async (other) => {
        expect(other).not.toBe(one)
        expect(await readdir(workDir)).toHaveLength(2)
      })
      expect(await readdir(workDir)).toEqual([basename(one)])
    })
  })

  it('stays inside the work folder whatever the owner is called', async () => {
    await withWorkspace(workDir, '../../out/../side', async (folderPath) => {
      expect(join(folderPath, '..')).toBe(workDir)
    })
  })
})

describe('sweepWorkspaces', () => {
  it('removes the folder of a killed process and spares those in use', async () => {
    const script = join(import.meta.dirname, 'workspace-owner.ts')
    const owner = spawn(process.execPath, [script, workDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [abandoned] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string]

    expect(await sweepWorkspaces(workDir)).toEqual([])
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    await withWorkspace(workDir, 'busy', async (busy) => {
      expect(await sweepWorkspaces(workDir)).toEqual([basename(abandoned)])
      expect(await readdir(workDir)).toEqual([basename(busy)])
    })
  })

  it.runIf(process.platform === 'linux')(
    'is not misled by another process under the same id',
    async () => {
      await withWorkspace(workDir, 'mine', async (mine) => {
        const [, host = '', pid = ''] = basename(mine).split('-')
        const predecessor = `ws-${host}-${pid}-12345-old-AbCdEf`
        await mkdir(join(workDir, predecessor))
        expect(await sweepWorkspaces(workDir)).toEqual([predecessor])
      })
    },
  )

  it.runIf(process.platform === 'linux')(
    'removes the folder of a process that is dead, though its parent has not noticed',
    async () => {
      const script = join(import.meta.dirname, 'workspace-owner.ts')
      // `sleep` never asks how the child ended that it has inherited from the shell.
      const command = '"$0" "$1" "$2" & exec sleep 300'
      const parent = spawn('sh', ['-c', command, process.execPath, script, workDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
        const [, , pid] = basename(line).split('-')
        process.kill(Number(pid), 'SIGKILL')
        await eventually(async () => {
          expect(await sweepWorkspaces(workDir)).toEqual([basename(line)])
        })
      } finally {
        parent.kill('SIGKILL')
        await once(parent, 'exit')
      }
    },
  )

  it('leaves alone what belongs to another machine or is no workspace', async () => {
    const others = ['notes', 'ws-00000000-999999-1-other-AbCdEf']
    for (const name of others) await mkdir(join(workDir, name), { recursive: true })
    expect(await sweepWorkspaces(workDir)).toEqual([])
    expect(await readdir(workDir)).toEqual(others)
  })
})

describe('keepWorkspacesSwept', () => {
  it('removes what a killed process has left while it runs, and nothing of a living one', async () => {
    const script = join(import.meta.dirname, 'workspace-owner.ts')
    const startOwner = async () => {
      const owner = spawn(process.execPath, [script, workDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [path] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string]
      return { owner, name: basename(path) }
    }
    const [doomed, living] = [await startOwner(), await startOwner()]
    const log = pino({ level: 'silent' })
    const stop = await keepWorkspacesSwept({ workDir, intervalMs: 50, log })
    try {
      expect((await readdir(workDir)).toSorted()).toEqual([doomed.name, living.name].toSorted())
      doomed.owner.kill('SIGKILL')
      await once(doomed.owner, 'exit')
      await eventually(async () => expect(await readdir(workDir)).toEqual([living.name]))
    } finally {
      stop()
      living.owner.kill('SIGKILL')
      await once(living.owner, 'exit')
    }
  })
})
