import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { whenTestEnds } from './cleanup.ts';

export interface Mail {
  readonly user: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  /** Header and text as they were sent, with \n. */
  readonly data: string;
}

export interface SmtpServer {
  readonly port: number;
  readonly mails: Mail[];
  /** What a client said that RFC 5321 does not allow. */
  readonly mistakes: string[];
}

export interface SmtpOptions {
  /** Without it no login is asked for. */
  readonly login?: { readonly user: string; readonly password: string };
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  /** What is answered to RCPT, and how often before all is well; for good unless told. */
  readonly refuses?: { readonly answer: string; readonly times?: number };
}

/** A mail server for the current test, which insists on the order of commands. It offers no encryption. */
export async function startSmtpServer(options: SmtpOptions = {}): Promise<SmtpServer> {
  const mails: Mail[] = [];
  const mistakes: string[] = [];
  const refusals = { left: options.refuses === undefined ? 0 : (options.refuses.times ?? Infinity) };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    void serve(socket, { options, mails, mistakes, refusals });
  });
  await new Promise<void>((resolve) => void server.listen(0, options.host ?? '127.0.0.1', resolve));
  whenTestEnds(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, mails, mistakes };
}

interface Scene extends Omit<SmtpServer, 'port'> {
  readonly options: SmtpOptions;
  readonly refusals: { left: number };
}

async function serve(socket: Socket, { options, mails, mistakes, refusals }: Scene): Promise<void> {
  let user: string | undefined;
  let mail = { from: '', to: [] as string[] };
  let data: string[] | undefined;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  say('220 mail.test ESMTP');
  for await (const line of createInterface({ input: socket })) {
    if (data !== undefined) {
      if (line !== '.') data.push(line.replace(/^\./, ''));
      else {
        mails.push({ user, ...mail, data: data.join('\n') });
        data = undefined;
        say('250 queued');
      }
      continue;
    }
    const allowed = user !== undefined || options.login === undefined;
    const [, from] = /^MAIL FROM:<([^>]+)>/.exec(line) ?? [];
    const [, to] = /^RCPT TO:<([^>]+)>/.exec(line) ?? [];
    const [, login] = /^AUTH PLAIN (\S+)$/.exec(line) ?? [];
    if (line.startsWith('EHLO ')) say(`250-mail.test\r\n250 ${options.login === undefined ? '8BITMIME' : 'AUTH PLAIN'}`);
    else if (login !== undefined) {
      const [, name, password] = Buffer.from(login, 'base64').toString().split('\0');
      if (name === options.login?.user && password === options.login?.password) user = name;
      say(user === undefined ? `535 refused: ${name} ${password} ${login}` : '235 welcome');
    } else if (from !== undefined && allowed) {
      mail = { from, to: [] };
      say('250 ok');
    } else if (to !== undefined && mail.from !== '') {
      mail.to.push(to);
      refusals.left -= 1;
      say(refusals.left >= 0 ? options.refuses!.answer : '250 ok');
    } else if (line === 'DATA' && mail.to.length > 0) {
      data = [];
      say('354 go on');
    } else if (line === 'QUIT') {
      socket.end('221 bye\r\n');
    } else {
      mistakes.push(line);
      say('503 bad sequence of commands');
    }
  }
}
