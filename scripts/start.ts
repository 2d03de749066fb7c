// `npm start`: the embedded stack until Ctrl-C.

import { once } from 'node:events'
import { join, relative } from 'node:path'
import { stackSettings } from './stack/settings.ts'
import { startStack } from './stack/stack.ts'
import type { Stack } from './stack/stack.ts'
import { stopRequest } from './stack/stop-request.ts'

const HELP = `Runs Spool with a PostgreSQL and a Temporal of its own, until Ctrl-C.

  npm start
  SPOOL_PORT=0 npm start    on free ports

There are no options, only settings: docs/configuration.md. Data, logs and keys lie in .spool/.`

const say = (line: string) => console.log(`${new Date().toLocaleTimeString('sv')}  ${line}`)

async function run(): Promise<void> {
  const stopAsked = stopRequest()
  const settings = stackSettings(process.env)
  const stack = await startStack(settings, say, stopAsked)
  printAddresses(stack, settings.dir)
  // Something must keep the process alive when every part is the user's own.
  const keepAlive = setInterval(() => {}, 60_000)
  try {
    await Promise.race([stack.givenUp, stopAsked.aborted || once(stopAsked, 'abort')])
  } finally {
    clearInterval(keepAlive)
    say('Stopping')
    await stack.stop()
  }
}

function printAddresses(stack: Stack, dir: string): void {
  const place = (file: string) => relative(process.cwd(), join(dir, file)) || file
  const rows = [
    ['API', stack.apiUrl],
    ['API reference', `${stack.apiUrl}/docs`],
    ['Temporal Web UI', stack.temporalUiUrl || `(yours) at ${stack.temporalAddress}`],
    ['Demo API key', `in ${place('demo-account.json')}`],
    ['Everything else', `in ${place('stack.json')}, logs in ${place('logs')}/`],
  ]
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(17)}${value}`)
  console.log(`\nSpool is running.\n\n${lines.join('\n')}\n\nCtrl-C stops it.\n`)
}

try {
  const args = process.argv.slice(2)
  if (args.length === 0) await run()
  else console.log(HELP)
  if (args.some((arg) => arg !== '--help')) process.exitCode = 2
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
