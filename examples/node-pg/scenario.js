// What the client does in a live shop (the demo's data): prints TAP. Run by ./check.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import pg from 'pg';
import { CheckoutClient, connect } from './checkout-client.js';
import * as e from './checkout-errors.js';
import { withLossyRelay } from './lossy-relay.js';

const TORONTO = '11111111-1111-1111-1111-111111111111';
const ALICE = 'c0000000-0000-0000-0000-000000000001';
const BLUE_DREAM = { sku: 'FLOWER-BLUE-DREAM-3.5G', quantity: 2 }; // at 19.99
const TO_ALICE = { deliveryType: 'delivery', deliveryAddress: { street: '1 King Street West' } };
const CUT_IDLE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE usename = current_user AND pid <> pg_backend_pid() AND state = 'idle'`;
const LOCK_CART = 'SELECT weedgo.lock_cart($1, $2)';
const CHECKOUT = 'SELECT weedgo.checkout_cart($1, $2, $3)';

const results = [];

function ok(passed, name, ...found) {
  results.push(Boolean(passed));
  console.log(`${passed ? 'ok' : 'not ok'} ${results.length} - ${name}`);
  if (!passed) console.log(inspect(found, { depth: 4 }).replace(/^/gm, '#   '));
}

// An amount in cents, to add amounts up without floats.
const cents = (amount) => BigInt(amount.replace('.', ''));

// What a call gives back: an order, or the error it throws.
const outcome = (call) => call.catch((error) => error);

// A client on a pool of its own, and how often it tried again.
class Shop {
  retries = [];

  constructor(pool, attempts) {
    this.pool = pool;
    this.whenRetried = new Promise((resolve) => {
      const onRetry = (error) => { this.retries.push(error); resolve(); };
      this.client = new CheckoutClient(pool, { attempts, onRetry });
    });
  }

  async newCart(items = [BLUE_DREAM]) {
    const cartId = randomUUID();
    await this.client.putCart(TORONTO, cartId, items, { customerId: ALICE });
    return cartId;
  }

  checkout(cartId, more = {}) {
    return this.client.checkout({ storeId: TORONTO, cartId, customerId: ALICE, ...more });
  }

  // Whether it tried again after these errors, and no others.
  retriedAfter(...kinds) {
    return this.retries.map((error) => error.constructor.name).join()
      === kinds.map((kind) => kind.name).join();
  }
}

async function withShop({ attempts, ...options }, use) {
  const pool = connect({ max: 4, ...options });
  try {
    await use(new Shop(pool, attempts));
  } finally {
    await pool.end();
  }
}

// Another client that has done this, and has not committed yet.
async function withOtherTransaction(statement, values, use) {
  const other = new pg.Client();
  await other.connect();
  await other.query('BEGIN');
  await other.query(statement, values);
  try {
    return await use(other);
  } finally {
    await other.end();
  }
}

// Waits until a connection of this role waits for a lock.
async function untilBlocked(connection) {
  const waiting = `SELECT pg_stat_clear_snapshot(), EXISTS (SELECT FROM pg_stat_activity
    WHERE usename = current_user AND wait_event_type = 'Lock')`;
  while (!(await connection.query(waiting)).rows[0].exists) await pause(10);
}

async function amounts(shop) {
  const byCard = { paymentMethodId: 'alice-visa', ...TO_ALICE };
  let order = await shop.checkout(await shop.newCart(), byCard);
  const found = [order.subtotal, order.tax, order.delivery_fee, order.total];
  ok(found.join() === '39.98,5.20,5.00,50.18',
    'a delivery comes to 50.18, in strings', order);
  ok(order.lines.reduce((sum, line) => sum + cents(line.line_total), 0n) === cents(order.subtotal),
    'the lines add up', order);
  order = await shop.checkout(await shop.newCart(), { promoCode: 'SAVE10', ...TO_ALICE });
  ok(order.total === '45.66', 'with a promo code to 45.66', order);

  order = await shop.checkout(await shop.newCart([{ ...BLUE_DREAM, price: '0.01' }]));
  ok(order.subtotal === '39.98', 'a price from the client is not read', order);
  order = await shop.checkout(await shop.newCart(), { tip: '5.997' });
  ok(order.tip === '6.00', 'a tip of 5.997 is rounded to 6.00', order);
  const error = await outcome(shop.checkout(await shop.newCart(), { tip: 39.98 * 0.15 }));
  ok(error instanceof TypeError, 'a number is refused before anything is sent', error);
}

async function refusals(shop) {
  const refusal = async (kind, httpStatus, cartId, more) => {
    const error = await outcome(shop.checkout(cartId, more));
    return [error instanceof kind && error.httpStatus === httpStatus, error];
  };
  shop.retries.length = 0;
  let cartId = await shop.newCart([{ sku: 'EXTRACT-LIVE-ROSIN-1G', quantity: 1 },
    { sku: 'PREROLL-MIXED-28X0.5G', quantity: 5 }, BLUE_DREAM]);
  let [refused, error] = await refusal(e.OutOfStock, 409, cartId);
  ok(refused && error.items.length === 2
    && Object.values(error.items[0]).join() === 'EXTRACT-LIVE-ROSIN-1G,insufficient_stock,1,0'
    && Object.values(error.items[1]).join() === 'PREROLL-MIXED-28X0.5G,insufficient_stock,5,2',
  'out of stock names both items', error);

  cartId = await shop.newCart();
  const bobs = { paymentMethodId: 'bob-mastercard' };
  [refused, error] = await refusal(e.PaymentDeclined, 402, cartId, bobs);
  ok(refused, "another's payment method is declined", error);
  [refused, error] = await refusal(e.PromoRefused, 422, cartId, { promoCode: 'SUMMER22' });
  ok(refused && error.detail.reason === 'expired',
    'an old promo code is refused, with the reason', error);
  [refused, error] = await refusal(e.TotalChanged, 409, cartId, { expectedTotal: '1.00' });
  ok(refused && error.total === '45.18', 'a changed total is refused, with the new one', error);
  [refused, error] = await refusal(e.InvalidArgument, 400, cartId, { tip: '-1' });
  ok(refused, 'a negative tip is an invalid argument', error);
  [refused, error] = await refusal(e.CartNotFound, 404, randomUUID());
  ok(refused, 'an unknown cart is not found', error);
  ok(shop.retriedAfter(), 'a refusal is never tried again', shop.retries);
}

async function repeated(shop) {
  let cartId = await shop.newCart();
  const idempotencyKey = randomUUID();
  const orders = await Promise.all([1, 2].map(() => shop.checkout(cartId, { idempotencyKey })));
  ok(orders[0].order_id === orders[1].order_id && orders[0].replayed !== orders[1].replayed,
    'two checkouts at once with one key: one order and its replay', orders);
  const mismatch = await outcome(shop.checkout(cartId, { idempotencyKey, tip: '1' }));
  ok(mismatch instanceof e.IdempotencyMismatch && mismatch.httpStatus === 422,
    'the key with another request is a mismatch', mismatch);

  cartId = await shop.newCart();
  const found = await Promise.all([1, 2].map(() => outcome(shop.checkout(cartId))));
  const refused = found.find((each) => each instanceof e.CartNotActive);
  const order = found.find((each) => each.order_number);
  ok(order && refused?.orderId === order.order_id,
    'without a key: one order, one refusal naming it', found);
}

async function lostAnswers() {
  await withLossyRelay((host) => withShop({ host }, async (shop) => {
    const order = await shop.checkout(await shop.newCart(), { idempotencyKey: randomUUID() });
    ok(order.replayed && shop.retriedAfter(e.ConnectionLost),
      'an answer that is lost is asked for again, and replayed', order, shop.retries);
  }));
  await withLossyRelay((host) => withShop({ host }, async (shop) => {
    const cartId = await shop.newCart();
    let error = await outcome(shop.checkout(cartId));
    ok(error instanceof e.ConnectionLost && shop.retriedAfter(),
      'without a key it is not: nobody knows whether there is an order', error, shop.retries);
    error = await outcome(shop.checkout(cartId));
    ok(error instanceof e.CartNotActive && error.orderId, 'there was one', error);
  }));
  await withShop({}, async (shop) => {
    const cartId = await shop.newCart();
    const order = await withOtherTransaction(CUT_IDLE, [],
      () => outcome(shop.checkout(cartId, { idempotencyKey: randomUUID() })));
    ok(order.order_number, 'idle connections that were cut are replaced', order);
  });
}

async function locks() {
  await withShop({ attempts: 3, lockTimeout: '200ms' }, async (shop) => {
    let cartId = await shop.newCart();
    const order = await withOtherTransaction(LOCK_CART, [TORONTO, cartId], async (other) => {
      const waiting = outcome(shop.checkout(cartId));
      await Promise.race([waiting, shop.whenRetried]);
      await other.query('COMMIT');
      return waiting;
    });
    ok(order.order_number && shop.retries[0] instanceof e.CartLocked,
      'a locked cart is tried again, and sold when it is free', order, shop.retries);

    cartId = await shop.newCart();
    shop.retries.length = 0;
    const startedMs = performance.now();
    let error = await withOtherTransaction(LOCK_CART, [TORONTO, cartId],
      () => outcome(shop.checkout(cartId)));
    ok(error instanceof e.CartLocked && error.httpStatus === 409 && error.detail.cart_id === cartId
      && shop.retries.length === 2,
    'one that stays locked is given up after three attempts', error, shop.retries);
    ok(performance.now() - startedMs < 8000, "each as short as the client's lock_timeout");

    error = await withOtherTransaction(CHECKOUT, [TORONTO, await shop.newCart(), ALICE],
      () => outcome(shop.checkout(cartId)));
    ok(error instanceof e.RowLocked, 'locked stock is told apart from a locked cart', error);
  });
}

async function collisions() {
  const settings = { default_transaction_isolation: 'repeatable read' };
  await withShop({ lockTimeout: '9s', settings }, async (shop) => {
    const [mine, theirs] = [await shop.newCart(), await shop.newCart()];
    const order = await withOtherTransaction(CHECKOUT, [TORONTO, theirs, ALICE], async (other) => {
      const waiting = outcome(shop.checkout(mine));
      await untilBlocked(other);
      await other.query('COMMIT');
      return waiting;
    });
    ok(order.total === '45.18' && shop.retriedAfter(e.SerializationFailure),
      'a serialization failure is tried again', order, shop.retries);
  });
  await withShop({ lockTimeout: '9s' }, async (shop) => {
    const [mine, theirs] = [await shop.newCart(), await shop.newCart()];
    const order = await withOtherTransaction(CHECKOUT, [TORONTO, theirs, ALICE], async (other) => {
      const waiting = outcome(shop.checkout(mine));
      await untilBlocked(other);
      await other.query(LOCK_CART, [TORONTO, mine]);
      await other.query('COMMIT');
      return waiting;
    });
    ok(order.total === '45.18' && shop.retriedAfter(e.Deadlock),
      'so is a deadlock with a transaction of two calls', order, shop.retries);
  });
}

async function main() {
  await withShop({}, async (shop) => {
    await amounts(shop);
    await refusals(shop);
    await repeated(shop);
    const error = await outcome(shop.pool.query('SELECT FROM weedgo_data.orders'));
    ok(error.code === '42501', "the client's role reads no table", error);
  });
  await lostAnswers();
  await locks();
  await collisions();
  // jit: compiling verify_invariants() takes seconds, running it milliseconds.
  const admin = new pg.Client({ user: process.env.ADMIN, options: '-c jit=off' });
  await admin.connect();
  const { rows } = await admin.query('SELECT * FROM weedgo.verify_invariants()');
  ok(rows.length === 0, 'verify_invariants() finds nothing', rows);
  await admin.end();
}

try {
  await main();
} catch (error) { // a scenario that breaks off has failed
  ok(false, 'the scenario runs to its end', error);
}
console.log(`1..${results.length}`);
const failed = results.filter((passed) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
