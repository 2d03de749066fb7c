import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { sweepWorkspaces, withWorkspace } from '../../src/activities/lib/workspace.ts'

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

  it('leaves alone what belongs to another machine or is no workspace', async () => {
    const others = ['notes', 'ws-00000000-999999-1-other-AbCdEf']
    for (const name of others) await mkdir(join(workDir, name), { recursive: true })
    expect(await sweepWorkspaces(workDir)).toEqual([])
    expect(await readdir(workDir)).toEqual(others)
  })
})
