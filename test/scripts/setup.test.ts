import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { projectRoot } from '../../scripts/stack/toolchain.ts'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)
const setupModule = (name: string) => import(join(projectRoot, 'scripts', 'setup', name))

describe('set-up', () => {
  it('has nothing to do the second time', async () => {
    const setup = join(projectRoot, 'scripts', 'setup.mjs')
    await run(process.execPath, [setup])
    const { stdout, stderr } = await run(process.execPath, [setup])
    expect(stdout).toMatch(
      /^Nothing to do: Node 24\.\S+, Temporal \S+ \(server \S+\), FFmpeg \S+\.$/m,
    )
    expect(stderr).toBe('')
  })

  it('names the setting when the Temporal CLI that it points to will not do', async () => {
    const program = join(tempFolder(), 'temporal')
    writeFileSync(program, '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.1.0)"\n')
    chmodSync(program, 0o755)
    const { ensureTemporalCli } = await setupModule('temporal-cli.mjs')
    process.env.SPOOL_TEMPORAL_CLI = program
    onTestFinished(() => void delete process.env.SPOOL_TEMPORAL_CLI)
    await expect(ensureTemporalCli({ root: projectRoot, note: () => {} })).rejects.toThrow(
      /SPOOL_TEMPORAL_CLI is .*its server is 1\.29\.1, 1\.31 is needed/,
    )
  })

  it('takes the FFmpeg that a setting names, and says which setting names none', async () => {
    const { ensureFfmpeg } = await setupModule('ffmpeg.mjs')
    process.env.SPOOL_FFMPEG_PATH = join(tempFolder(), 'ffmpeg')
    onTestFinished(() => void delete process.env.SPOOL_FFMPEG_PATH)
    await expect(ensureFfmpeg({ note: () => {} })).rejects.toThrow(
      /ffmpeg is missing\); .*SPOOL_FFMPEG_PATH/,
    )
  })

  it('makes the Python environment once, and says why when there is no Python that would do', async () => {
    const { ensurePython } = await setupModule('python.mjs')
    const notes: string[] = []
    const ensure = () =>
      ensurePython({ root: projectRoot, note: (line: string) => notes.push(line) })
    const first = await ensure()
    expect(await ensure()).toEqual(first)
    const { stdout } = await run(first.path, ['-I', '-c', 'import pocketsphinx; print("there")'])
    expect(stdout).toBe('there\n')
    expect(notes).toEqual([])

    const broken = join(tempFolder(), 'python3')
    writeFileSync(broken, '#!/bin/sh\necho "No module named ensurepip" >&2\nexit 1\n')
    chmodSync(broken, 0o755)
    onTestFinished(() => void delete process.env.PYTHON)
    for (const [program, reason] of [
      [broken, /cannot make virtual environments \(No module named ensurepip\).*python3-venv/],
      [join(tempFolder(), 'none'), /is missing; install Python 3\.9 or newer/],
    ] as const) {
      process.env.PYTHON = program
      expect(await ensure()).toEqual({ path: null, reason: expect.stringMatching(reason) })
    }
  })

  it('two set-ups at once do the slow thing once', async () => {
    const { exclusively } = await setupModule('exclusive.mjs')
    const lock = join(tempFolder(), 'slow.lock')
    let running = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    }
    await Promise.all([exclusively(lock, work), exclusively(lock, work)])
    expect(most).toBe(1)
    expect(existsSync(lock)).toBe(false)
  })

  it('a lock whose owner was killed is taken over', async () => {
    const { exclusively } = await setupModule('exclusive.mjs')
    const lock = join(tempFolder(), 'slow.lock')
    const ended = spawn(process.execPath, ['-e', ''])
    await once(ended, 'exit')
    writeFileSync(lock, String(ended.pid))
    await expect(exclusively(lock, async () => 'done')).resolves.toBe('done')
  })
})

describe('the official Temporal download', () => {
  it('is unpacked, tried and put in place', async () => {
    const folder = tempFolder()
    const { downloadTemporal } = await setupModule('temporal-download.mjs')
    const target = join(folder, 'cache', 'temporal')
    const url = await serve(await archive(folder, '#!/bin/sh\necho "temporal version 1.8.2"\n'))
    await expect(downloadTemporal({ version: '1.8.2', target, url })).resolves.toEqual({ ok: true })
    expect((await run(target, ['--version'])).stdout).toBe('temporal version 1.8.2\n')
    expect(readdirSync(join(folder, 'cache'))).toEqual(['temporal'])
  })

  it('leaves nothing behind when the program does not run or is no archive', async () => {
    const folder = tempFolder()
    const { downloadTemporal } = await setupModule('temporal-download.mjs')
    const target = join(folder, 'cache', 'temporal')
    const broken = await serve(await archive(folder, '#!/bin/sh\nexit 1\n'))
    const page = await serve(Buffer.from('<html>log in to the network first</html>'))
    for (const url of [broken, page]) {
      expect(await downloadTemporal({ version: '1.8.2', target, url })).toMatchObject({ ok: false })
    }
    expect(readdirSync(join(folder, 'cache'))).toEqual([])
  })

  it('tells why when the server refuses', async () => {
    const { downloadTemporal } = await setupModule('temporal-download.mjs')
    const url = await serve(null)
    const target = join(tempFolder(), 'temporal')
    expect(await downloadTemporal({ version: '1.8.2', target, url })).toEqual({
      ok: false,
      reason: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 404$/),
    })
  })

  async function archive(folder: string, program: string): Promise<Buffer> {
    const source = join(folder, 'archive')
    mkdirSync(source, { recursive: true })
    writeFileSync(join(source, 'temporal'), program, { mode: 0o755 })
    await run('tar', ['-czf', join(folder, 'archive.tar.gz'), '-C', source, 'temporal'])
    return readFileSync(join(folder, 'archive.tar.gz'))
  }

  async function serve(body: Buffer | null): Promise<string> {
    const server = createServer((_, response) => {
      response.statusCode = body ? 200 : 404
      response.end(body ?? undefined)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive`
  }
})

describe('scripts/run.mjs', () => {
  it('passes arguments, output, exit code and signals through to the script', async () => {
    const script = join(tempFolder(), 'script.ts')
    writeFileSync(
      script,
      `const [name]: string[] = process.argv.slice(2)
       process.on('SIGTERM', () => process.exit(7))
       console.log(\`\${name} on \${process.version}\`)
       setInterval(() => {}, 1000)`,
    )
    const child = spawn(
      process.execPath,
      [join(projectRoot, 'scripts', 'run.mjs'), script, 'hello'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const [output] = await once(child.stdout, 'data')
    expect(String(output)).toMatch(/^hello on v24\./)
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(7)
  })
})
