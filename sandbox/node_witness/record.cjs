'use strict'
// The record of one run, line by line under a key that only the process of the runner holds.
// What it needs is taken hold of here, before anything of the repository is loaded.
const { createHmac } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const stringify = JSON.stringify
const { writeSync } = fs
const root = process.cwd()
const MESSAGE_CHARACTERS = 4000

// The orders, from standard input: key, folder, home, files, names. The runner is started at home.
function orders() {
  const told = JSON.parse(fs.readFileSync(0, 'utf8'))
  told.folder = path.join(root, told.folder)
  fs.mkdirSync(told.folder, { mode: 0o700 })
  process.chdir(path.join(root, told.home))
  const file = fs.openSync(path.join(told.folder, 'record'), 'wx', 0o600)
  let key = Buffer.from(told.key, 'hex')
  delete told.key
  const sealed = (text) => createHmac('sha256', key).update(text)

  function write(kind, facts) {
    const text = stringify([kind, facts])
    writeSync(file, `${sealed(text).digest('hex')} ${text}\n`)
    key = sealed('next').digest()
  }

  return { told, write }
}

// Ids of tests, `path::suite > name`; one that is there twice gets its number.
class Ids {
  #given = new Map()
  #times = new Map()

  of(key, file, names) {
    const known = this.#given.get(key)
    if (known !== undefined) return known
    const plain = `${file}::${names.join(' > ')}`
    const times = (this.#times.get(plain) ?? 0) + 1
    this.#times.set(plain, times)
    const id = times > 1 ? `${plain} (${times})` : plain
    this.#given.set(key, id)
    return id
  }
}

function relative(file) {
  return path.relative(root, file).split(path.sep).join('/')
}

// What went wrong, with where, of the first error.
function failure(errors) {
  const error = errors?.[0]
  if (!error) return { message: '', stack: '' }
  const name = error.name && !String(error.message).startsWith(error.name) ? `${error.name}: ` : ''
  const diff = typeof error.diff === 'string' ? `\n${error.diff}` : ''
  return {
    message: `${name}${error.message ?? error}${diff}`.slice(0, MESSAGE_CHARACTERS),
    stack: String(error.stack ?? '').slice(0, MESSAGE_CHARACTERS),
  }
}

module.exports = { root, orders, Ids, relative, failure }
