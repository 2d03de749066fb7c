import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.ts'
import { startPart } from './part.ts'
import type { Part } from './part.ts'
import { freePort } from './ports.ts'

const NAMESPACE = 'default'
// The dev server makes its namespace with one day, after which a finished render could not be looked
// up in the Web UI any more.
const RETENTION = '30 days'

/** What to start. Ports that are missing or 0 are free ones. */
export type TemporalOptions = {
  cliPath: string
  /** The dev server never migrates its file: keep the server's version in the name. */
  dbFile: string
  logFile: string
  port?: number
  uiPort?: number
  metricsPort?: number
}

/** A Temporal dev server of ours; `address` is host:port for gRPC. */
export type RunningTemporal = {
  address: string
  uiUrl: string
  metricsUrl: string
  pid: number
  stop: () => Promise<void>
}

/** Starts the Temporal dev server and waits until its namespace answers. See prepareTemporal. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { part, ...addresses } = await prepareTemporal(options)
  const running = await startPart(part)
  return { ...addresses, pid: running.pid, stop: running.stop }
}

/** Describes the dev server's process, tuned for a durable single machine, and where it will be. */
export async function prepareTemporal(options: TemporalOptions): Promise<{
  part: Part
  address: string
  uiUrl: string
  metricsUrl: string
}> {
  mkdirSync(dirname(options.dbFile), { recursive: true })
  const port = options.port || (await freePort())
  const uiPort = options.uiPort || (await freePort())
  const metricsPort = options.metricsPort || (await freePort())
  const address = `127.0.0.1:${port}`
  const part: Part = {
    name: 'temporal',
    command: options.cliPath,
    args: serverArguments(options.dbFile, { port, uiPort, metricsPort }),
    logFile: options.logFile,
    ready: () => ensureNamespace(address),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 15_000,
  }
  return {
    part,
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  }
}

function serverArguments(
  dbFile: string,
  ports: { port: number; uiPort: number; metricsPort: number },
): string[] {
  const dynamicConfig = {
    // 20 task reads a second per shard by default, and the dev server has one shard: under load a
    // signal waits 90 ms for its activity instead of 20.
    'history.transferProcessorMaxPollRPS': 100,
    'matching.enableFairness': true,
    // Fairness is kept within a partition; with the default four it is uneven.
    'matching.numTaskqueueReadPartitions': 1,
    'matching.numTaskqueueWritePartitions': 1,
    'system.enableActivityEagerExecution': true,
  }
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.port)],
    ...['--ui-port', String(ports.uiPort), '--metrics-port', String(ports.metricsPort)],
    ...['--db-filename', dbFile, '--log-level', 'warn', '--namespace', NAMESPACE],
    // Three to nine times faster than the defaults, and still safe when the process is killed.
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => [
      '--search-attribute',
      `${name}=Keyword`,
    ]),
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
  ]
}

/** Throws until the server answers for the namespace; then sees to its retention. */
async function ensureNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 })
  try {
    await connection.withDeadline(Date.now() + 5_000, () =>
      connection.workflowService.updateNamespace({
        namespace: NAMESPACE,
        config: { workflowExecutionRetentionTtl: msToTs(RETENTION) },
      }),
    )
  } finally {
    await connection.close()
  }
}
