import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { settingsSchema } from '../../src/config/settings.ts'
import { WORKER_ROLES } from '../../src/contracts/queues.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFile(join(root, path), 'utf8')

interface Service {
  readonly image: string
  readonly build?: string
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly volumes?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly ports?: readonly string[]
  readonly restart: string
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly stop_grace_period?: string
  readonly healthcheck: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly deploy: { readonly resources: { readonly limits: Readonly<Record<string, unknown>> } }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

const compose = parse(await read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const services = Object.entries(compose.services)

/** The services that run our own code and are to read the whole configuration. */
const OURS = ['api', 'worker', 'worker-media']
const service = (name: string): Service => {
  const found = compose.services[name]
  if (found === undefined) throw new Error(`there is no service ${name}`)
  return found
}

/** What compose would make of `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. */
const interpolated = (text: string, given: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name, kind, rest) => {
    const value = given[name as string] ?? ''
    if (value !== '') return value
    if (kind === '?') throw new Error(`${String(name)} is not set`)
    return String(rest ?? '')
  })

/** An env file as it stands, or with what is commented out switched on. */
const variablesOf = (text: string, commented: boolean): Record<string, string> => {
  const pattern = commented ? /^#? ?([A-Z][A-Z0-9_]*)=(.*)$/gm : /^([A-Z][A-Z0-9_]*)=(.*)$/gm
  return Object.fromEntries([...text.matchAll(pattern)].map(([, name, value]) => [name, value]))
}

const example = variablesOf(await read('.env.example'), false)
const filledIn = {
  ...example,
  POSTGRES_PASSWORD: 'p'.repeat(32),
  TEMPORAL_DATABASE_PASSWORD: 't'.repeat(32),
  SPOOL_SECRET: 's'.repeat(64),
  SPOOL_ADMIN_KEY: 'a'.repeat(48),
  S3_ACCESS_KEY: 'k'.repeat(32),
  S3_SECRET_KEY: 'y'.repeat(32),
}

const environmentOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service(name).environment ?? {}).map(([variable, value]) => [
      variable,
      interpolated(String(value), filledIn),
    ]),
  )

const seconds = (text: string): number => {
  const [, amount, unit] = /^(\d+)(s|m)$/.exec(text) ?? []
  return Number(amount) * (unit === 'm' ? 60 : 1)
}

describe.each(OURS)('the service %s', (name) => {
  it('sets no variable that the configuration does not know', () => {
    const known = new Set(Object.keys(settingsSchema.shape))
    const unknown = Object.keys(environmentOf(name)).filter(
      // Temporal's own settings are read by its own library.
      (variable) => !known.has(variable) && !/^TEMPORAL_(ADDRESS|NAMESPACE)$/.test(variable),
    )
    expect(unknown).toEqual([])
  })

  it('has a configuration that is accepted', async () => {
    const image = variablesOf((await imageEnvironment()).join('\n'), false)
    const { settings } = readConfig({ ...image, ...environmentOf(name) })
    expect(settings.SPOOL_STORAGE).toBe('s3')
    expect(settings.DATABASE_URL).toBe(`postgres://spool:${'p'.repeat(32)}@postgres:5432/spool`)
    expect(settings.SPOOL_HOST).toBe('0.0.0.0')
    expect(settings.SPOOL_WORKFLOW_BUNDLE).toBe('/app/dist/workflows.js')
  })

  it('is given more time to stop than it takes for itself', () => {
    const { SPOOL_SHUTDOWN_GRACE_SECONDS: graceSeconds } = readConfig(environmentOf(name)).settings
    // A worker forces its activities to end 15 s after the grace.
    const neededSeconds = graceSeconds + 15
    expect(seconds(service(name).stop_grace_period ?? '10s')).toBeGreaterThan(neededSeconds + 5)
  })

  it('can write nowhere but where it has to, and has no privileges', () => {
    const { read_only, cap_drop, security_opt, user, volumes, tmpfs } = service(name)
    expect({ read_only, cap_drop, security_opt, user }).toEqual({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      user: 'node',
    })
    expect(volumes).toBeUndefined()
    expect(tmpfs?.map((mount) => mount.split(':')[0])).toEqual(['/work', '/tmp'])
  })

  it('starts a program of ours without npm or a shell in between', () => {
    const [program, file = ''] = service(name).command ?? []
    expect(program).toBe('node')
    expect(existsSync(join(root, file))).toBe(true)
  })

  it('waits for the migrations and for the namespace', () => {
    expect(service(name).depends_on).toMatchObject({
      migrate: { condition: 'service_completed_successfully' },
      'temporal-namespace': { condition: 'service_completed_successfully' },
    })
  })

  it('is asked for its health at a port where it answers', () => {
    const { settings } = readConfig(environmentOf(name))
    const url = new URL(service(name).healthcheck.test?.at(-1) ?? '')
    const port = name === 'api' ? settings.SPOOL_PORT : settings.SPOOL_WORKER_METRICS_PORT
    expect(Number(url.port)).toBe(port)
  })
})

it('serves every queue, and each of them by one role', () => {
  const served = ['worker', 'worker-media'].flatMap((name) =>
    (environmentOf(name)['WORKER_QUEUES'] ?? '').split(','),
  )
  expect(served.toSorted()).toEqual([...WORKER_ROLES].toSorted())
})

it('migrates the database by the script that is in the image', () => {
  const { command, depends_on } = service('migrate')
  expect(command).toEqual(['node', 'scripts/migrate.ts'])
  expect(depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
})

it('gives the S3 server the keys that the others come with, and has the bucket made first', () => {
  const { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY } = environmentOf('api')
  const { ROOT_ACCESS_KEY, ROOT_SECRET_KEY } = environmentOf('s3')
  expect([ROOT_ACCESS_KEY, ROOT_SECRET_KEY]).toEqual([S3_ACCESS_KEY, S3_SECRET_KEY])
  const { hostname, port } = new URL(S3_ENDPOINT ?? '')
  expect(hostname).toBe('s3')
  expect(service('s3').command).toContain(`:${port}`)
  expect(service('s3-bucket').command).toEqual(['node', 'scripts/make-bucket.ts'])
  expect(existsSync(join(root, 'scripts/make-bucket.ts'))).toBe(true)
  for (const name of OURS) {
    const { condition } = service(name).depends_on?.['s3-bucket'] ?? {}
    expect(condition).toBe('service_completed_successfully')
  }
})

it.each(services)(
  '%s has a health check, a restart policy, limits and a pinned image',
  (...pair) => {
    const { healthcheck, restart, deploy, image, build } = pair[1]
    const isJob = restart.startsWith('on-failure')
    expect(isJob || restart === 'unless-stopped').toBe(true)
    expect(healthcheck.disable ?? false).toBe(isJob)
    expect((healthcheck.test?.length ?? 0) > 1).toBe(!isJob)
    expect(Object.keys(deploy.resources.limits).toSorted()).toEqual(['cpus', 'memory', 'pids'])
    const isPinned = /:v?\d+\.\d+(\.\d+)?(-\w+)?$/.test(image)
    expect(isPinned || build === '.').toBe(true)
  },
)

it('waits for each part in the way that it can be waited for', () => {
  for (const [, { depends_on = {} }] of services) {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const isJob = service(name).restart.startsWith('on-failure')
      expect(condition === 'service_completed_successfully').toBe(isJob)
    }
  }
})

it('mounts only files that there are, and volumes that are declared', () => {
  const mounts = services.flatMap(([, { volumes = [], entrypoint = [] }]) =>
    volumes.map((volume) => {
      const [source = '', target = ''] = volume.split(':')
      const script = entrypoint.find((word) => word.startsWith(`${target}/`))
      return { source, script: script?.slice(target.length) ?? '' }
    }),
  )
  expect(mounts.filter(({ script }) => script !== '')).toHaveLength(2)
  for (const { source, script } of mounts) {
    const isThere = source.startsWith('.')
      ? existsSync(join(root, source, script))
      : Object.hasOwn(compose.volumes, source)
    expect(isThere, source + script).toBe(true)
  }
})

it('opens to the network nothing but the API and the files', () => {
  const open = services.filter(([, { ports = [] }]) =>
    ports.some((port) => !port.startsWith('127.0.0.1:')),
  )
  expect(open.map(([name]) => name)).toEqual(['api', 's3'])
})

describe('.env.example', () => {
  it('has every variable that the compose file asks for, and no other', async () => {
    const asked = [...(await read('docker-compose.yml')).matchAll(/\$\{(\w+)/g)].map(
      ([, name = '']) => name,
    )
    expect(Object.keys(example).toSorted()).toEqual([...new Set(asked)].toSorted())
  })

  it('has no secret that would do without being filled in', () => {
    const secrets = Object.keys(example).filter((name) => /SECRET|KEY|PASSWORD/.test(name))
    expect(secrets.length).toBeGreaterThan(3)
    for (const name of secrets) expect(example[name], name).toBe('')
  })
})

it('offers in spool.env.example only settings that exist, with values that are accepted', async () => {
  const offered = variablesOf(await read('deploy/spool.env.example'), true)
  expect(Object.keys(offered).length).toBeGreaterThan(10)
  const { renderers, cdn, alertTargets } = readConfig({ ...environmentOf('api'), ...offered })
  expect(renderers.map(({ name }) => name)).toEqual(['farm'])
  expect(cdn.kind).toBe('cloudflare')
  expect(alertTargets).toHaveLength(3)
})

const dockerfile = await read('Dockerfile')

/** `NAME=value` of the image. */
const imageEnvironment = async (): Promise<string[]> => {
  const block = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile)?.[1] ?? ''
  return block.split(/\s*\\\n\s*|\s+/)
}

describe('the image', () => {
  const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
    (sources ?? '').split(' '),
  )

  it('is made of files that there are, and that .dockerignore lets in', async () => {
    const letIn = (await read('.dockerignore'))
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    expect(copies.length).toBeGreaterThan(5)
    for (const source of copies) {
      expect(existsSync(join(root, source)), source).toBe(true)
      const known = letIn.some((entry) => source === entry || source.startsWith(`${entry}/`))
      expect(known, source).toBe(true)
    }
  })

  it('has what its programs import: files and packages', async () => {
    const { dependencies } = JSON.parse(await read('package.json')) as {
      dependencies: Record<string, string>
    }
    const programs = [
      'src/server.ts',
      'src/worker.ts',
      'scripts/make-bucket.ts',
      'scripts/migrate.ts',
    ]
    const { files, packages } = await importsOf([
      ...programs,
      'scripts/bundle-workflows.ts',
      'src/workflows/index.ts',
    ])
    expect([...packages]).toEqual(expect.arrayContaining(['@temporalio/worker', 'fastify', 'pg']))
    const missing = [...packages].filter((name) => !(name in dependencies))
    expect(missing).toEqual([])
    for (const file of files) {
      expect(
        copies.some((source) => file.startsWith(`${source}/`)),
        file,
      ).toBe(true)
    }
    expect(files.size).toBeGreaterThan(100)
  })

  it('runs as nobody in particular, on the Node that the project needs', () => {
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(dockerfile.match(/^FROM (\S+)/gm)).toEqual([
      'FROM node:24-bookworm-slim',
      'FROM node:24-bookworm-slim',
    ])
    expect(dockerfile).toMatch(/npm ci --omit=dev/)
    expect(dockerfile).toMatch(/^HEALTHCHECK /m)
  })
})

/** Everything that the given programs load: our files, and the names of packages. */
const importsOf = async (
  entries: readonly string[],
): Promise<{ files: Set<string>; packages: Set<string> }> => {
  const files = new Set<string>()
  const packages = new Set<string>()
  const waiting = [...entries]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    const text = await read(file)
    // Types are taken away before anything is loaded.
    for (const [, name = ''] of text.matchAll(
      /^(?:import|export)\s(?!type\b)(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm,
    )) {
      if (name.startsWith('node:')) continue
      if (name.startsWith('.')) waiting.push(resolve('/', dirname(file), name).slice(1))
      else
        packages.add(
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        )
    }
  }
  return { files, packages }
}
