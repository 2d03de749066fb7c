import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { closedPort } from './fake-http-service.ts'

const run = promisify(execFile)

const PACKAGES = ['nginx', 'libnginx-mod-http-cache-purge']
const MODULE = 'usr/lib/nginx/modules/ngx_http_cache_purge_module.so'

export interface NginxCache {
  readonly baseUrl: string
  stop(): Promise<void>
}

/** The folder under which `usr/sbin/nginx` and its purge module lie, or why there is none. */
export type NginxRoot = { readonly root: string } | { readonly missing: string }

/**
 * Finds nginx with the cache-purge module, or takes both out of the distribution's packages into a
 * cache folder. Nothing is installed and no service is started, so it needs no rights.
 */
export async function findNginx(): Promise<NginxRoot> {
  const cached = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'spool',
    'nginx-cache-purge',
  )
  for (const root of ['/', cached]) if (await isUsable(root)) return { root }
  const unpacking = `${cached}.${process.pid}`
  try {
    await mkdir(unpacking, { recursive: true })
    await downloadPackages(unpacking)
    for (const file of await readdir(unpacking)) {
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(unpacking, file), unpacking])
    }
    if (!(await isUsable(unpacking))) return { missing: 'the packaged nginx does not run here' }
    await rm(cached, { recursive: true, force: true })
    await rename(unpacking, cached)
    return { root: cached }
  } catch (error) {
    return { missing: `no nginx with the purge module by apt: ${String(error).slice(0, 300)}` }
  } finally {
    await rm(unpacking, { recursive: true, force: true })
  }
}

async function downloadPackages(folder: string): Promise<void> {
  const download = () => run('apt-get', ['download', ...PACKAGES], { cwd: folder })
  try {
    await download()
  } catch {
    // A fresh machine has no package lists yet; fetching them is root's.
    await run('apt-get', ['update'])
    await download()
  }
}

async function isUsable(root: string): Promise<boolean> {
  if (!existsSync(join(root, MODULE))) return false
  return run(join(root, 'usr/sbin/nginx'), ['-v']).then(
    () => true,
    () => false,
  )
}

/** nginx as a cache before `originUrl`; its key is the public host and the request URI. */
export async function startNginxCache(root: string, originUrl: string): Promise<NginxCache> {
  const folder = await mkdtemp(join(tmpdir(), 'spool-nginx-'))
  const port = await closedPort()
  const configPath = join(folder, 'nginx.conf')
  await writeFile(configPath, configuration({ root, folder, port, originUrl }))
  const child = spawn(
    join(root, 'usr/sbin/nginx'),
    ['-p', folder, '-c', configPath, '-e', join(folder, 'error.log')],
    { stdio: 'ignore' },
  )
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await untilListening(port, child)
  } catch (error) {
    await stop()
    throw error
  }
  return { baseUrl: `http://127.0.0.1:${port}`, stop }
}

const configuration = (options: {
  root: string
  folder: string
  port: number
  originUrl: string
}): string => {
  const { root, folder, port, originUrl } = options
  const tempPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${folder}/${kind};`)
    .join('\n')
  // One process, so that its pid is all there is to stop, and so that no other user needs the folder.
  // A location of its own for PURGE: module 2.3 of Debian 12 crashes on `proxy_cache_purge PURGE from`.
  return `
load_module ${join(root, MODULE)};
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
${tempPaths}
  proxy_cache_path ${folder}/cache keys_zone=media:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${originUrl};
      proxy_cache media;
      proxy_cache_key $host$request_uri;
      proxy_cache_valid 200 10m;
      add_header x-cache $upstream_cache_status;
      if ($request_method = PURGE) { rewrite ^ /purge$uri last; }
    }
    location ~ ^/purge(?<purged>/.*) {
      internal;
      allow 127.0.0.1;
      deny all;
      proxy_cache_purge media $host$purged$is_args$args;
    }
  }
}
`
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`)
    if (await accepts(port)) return
    await pause(25)
  }
  throw new Error('nginx does not listen')
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
