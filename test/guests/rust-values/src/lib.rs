//! Gives every kind of WIT value to the host and back, so that each passes the border four times.
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

wit_bindgen::generate!({ world: "values", path: "wit" });

use exports::rcm::values::counters;
use rcm::values::host;

struct Values;
export!(Values);

static CALLS: AtomicU32 = AtomicU32::new(0);
static DROPPED: AtomicU32 = AtomicU32::new(0);

impl Guest for Values {
    fn echo_bool(v: bool) -> bool {
        host::echo_bool(v)
    }
    fn echo_u8(v: u8) -> u8 {
        host::echo_u8(v)
    }
    fn echo_s8(v: i8) -> i8 {
        host::echo_s8(v)
    }
    fn echo_u16(v: u16) -> u16 {
        host::echo_u16(v)
    }
    fn echo_s16(v: i16) -> i16 {
        host::echo_s16(v)
    }
    fn echo_u32(v: u32) -> u32 {
        host::echo_u32(v)
    }
    fn echo_s32(v: i32) -> i32 {
        host::echo_s32(v)
    }
    fn echo_u64(v: u64) -> u64 {
        host::echo_u64(v)
    }
    fn echo_s64(v: i64) -> i64 {
        host::echo_s64(v)
    }
    fn echo_f32(v: f32) -> f32 {
        host::echo_f32(v)
    }
    fn echo_f64(v: f64) -> f64 {
        host::echo_f64(v)
    }
    fn echo_char(v: char) -> char {
        host::echo_char(v)
    }
    fn echo_string(v: String) -> String {
        host::echo_string(&v)
    }
    fn echo_bytes(v: Vec<u8>) -> Vec<u8> {
        host::echo_bytes(&v)
    }
    fn echo_shorts(v: Vec<u16>) -> Vec<u16> {
        host::echo_shorts(&v)
    }
    fn echo_longs(v: Vec<i64>) -> Vec<i64> {
        host::echo_longs(&v)
    }
    fn echo_strings(v: Vec<String>) -> Vec<String> {
        host::echo_strings(&v)
    }
    fn echo_lists(v: Vec<Vec<String>>) -> Vec<Vec<String>> {
        host::echo_lists(&v)
    }
    fn echo_tuple(v: (u8, u64, String, bool)) -> (u8, u64, String, bool) {
        host::echo_tuple((v.0, v.1, &v.2, v.3))
    }
    fn echo_point(v: Point) -> Point {
        host::echo_point(v)
    }
    fn echo_nested(v: Nested) -> Nested {
        host::echo_nested(&v)
    }
    fn echo_wide(v: Wide) -> Wide {
        host::echo_wide(&v)
    }
    fn echo_shape(v: Shape) -> Shape {
        host::echo_shape(&v)
    }
    fn echo_shapes(v: Vec<Shape>) -> Vec<Shape> {
        host::echo_shapes(&v)
    }
    fn echo_color(v: Color) -> Color {
        host::echo_color(v)
    }
    fn echo_perms(v: Perms) -> Perms {
        host::echo_perms(v)
    }
    fn echo_many(v: Many) -> Many {
        host::echo_many(v)
    }
    fn echo_opt(v: Option<u32>) -> Option<u32> {
        host::echo_opt(v)
    }
    fn echo_opt_string(v: Option<String>) -> Option<String> {
        host::echo_opt_string(v.as_deref())
    }
    fn echo_opt_opt(v: Option<Option<u32>>) -> Option<Option<u32>> {
        host::echo_opt_opt(v)
    }
    fn echo_res(v: Result<String, Shape>) -> Result<String, Shape> {
        host::echo_res(v.as_ref().map(String::as_str))
    }
    fn echo_res_ok(v: Result<u64, ()>) -> Result<u64, ()> {
        host::echo_res_ok(v)
    }
    fn echo_res_err(v: Result<(), f32>) -> Result<(), f32> {
        host::echo_res_err(v)
    }
    fn echo_res_unit(v: Result<(), ()>) -> Result<(), ()> {
        host::echo_res_unit(v)
    }
    fn echo_mixed(v: Vec<Result<Option<Color>, (f32, Perms)>>) -> Vec<Result<Option<Color>, (f32, Perms)>> {
        host::echo_mixed(&v)
    }

    fn sum(a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: i64, i: f32, j: f64, k: String, l: Vec<u8>, m: Option<u64>, n: Point, o: bool) -> f64 {
        host::sum(a, b, c, d, e, f, g, h, i, j, &k, &l, m, n, o)
    }

    fn join_things(left: String, right: String) -> String {
        let right = Thing::new(&right);
        let joined = Thing::join(Thing::new(&left), &right);
        joined.name()
    }

    fn take_thing(v: Thing) -> String {
        v.name()
    }

    fn look_at_thing(v: &Thing) -> String {
        v.name()
    }

    fn count() -> u32 {
        CALLS.fetch_add(1, Relaxed) + 1
    }

    fn fail(how: u32) {
        match how {
            0 => unreachable!(),
            1 => drop(std::hint::black_box(vec![0u8; 1 << 31])),
            2 => loop {
                std::hint::black_box(());
            },
            _ => std::mem::forget(std::hint::black_box(vec![1u8; how as usize])),
        }
    }
}

struct Counter {
    value: Cell<u32>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Relaxed);
    }
}

impl counters::GuestCounter for Counter {
    fn new(start: u32) -> Self {
        Counter { value: Cell::new(start) }
    }

    fn add(&self, by: u32) -> u32 {
        self.value.set(self.value.get().wrapping_add(by));
        self.value.get()
    }

    fn merge(left: counters::Counter, right: counters::CounterBorrow<'_>) -> counters::Counter {
        let left: Counter = left.into_inner();
        let right: &Counter = right.get();
        counters::Counter::new(Counter { value: Cell::new(left.value.get() + right.value.get()) })
    }
}

impl counters::Guest for Values {
    type Counter = Counter;

    fn dropped() -> u32 {
        DROPPED.load(Relaxed)
    }
}
