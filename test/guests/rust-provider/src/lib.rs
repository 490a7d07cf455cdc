//! Takes the host's place in a composed component: gives every value back as it came.
wit_bindgen::generate!({ world: "provider", path: "../rust-values/wit" });

use exports::rcm::values::host::{Color, Guest, GuestThing, Many, Nested, Perms, Point, Shape, Thing, ThingBorrow, Wide};

struct Provider;
export!(Provider);

macro_rules! echo {
    ($name:ident: $type:ty) => {
        fn $name(v: $type) -> $type {
            v
        }
    };
}

impl Guest for Provider {
    type Thing = Named;

    echo!(echo_bool: bool);
    echo!(echo_u8: u8);
    echo!(echo_s8: i8);
    echo!(echo_u16: u16);
    echo!(echo_s16: i16);
    echo!(echo_u32: u32);
    echo!(echo_s32: i32);
    echo!(echo_u64: u64);
    echo!(echo_s64: i64);
    echo!(echo_f32: f32);
    echo!(echo_f64: f64);
    echo!(echo_char: char);
    echo!(echo_string: String);
    echo!(echo_bytes: Vec<u8>);
    echo!(echo_shorts: Vec<u16>);
    echo!(echo_longs: Vec<i64>);
    echo!(echo_strings: Vec<String>);
    echo!(echo_lists: Vec<Vec<String>>);
    echo!(echo_tuple: (u8, u64, String, bool));
    echo!(echo_point: Point);
    echo!(echo_nested: Nested);
    echo!(echo_wide: Wide);
    echo!(echo_shape: Shape);
    echo!(echo_shapes: Vec<Shape>);
    echo!(echo_color: Color);
    echo!(echo_perms: Perms);
    echo!(echo_many: Many);
    echo!(echo_opt: Option<u32>);
    echo!(echo_opt_string: Option<String>);
    echo!(echo_opt_opt: Option<Option<u32>>);
    echo!(echo_res: Result<String, Shape>);
    echo!(echo_res_ok: Result<u64, ()>);
    echo!(echo_res_err: Result<(), f32>);
    echo!(echo_res_unit: Result<(), ()>);
    echo!(echo_mixed: Vec<Result<Option<Color>, (f32, Perms)>>);

    fn sum(a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: i64, i: f32, j: f64, k: String, l: Vec<u8>, m: Option<u64>, n: Point, o: bool) -> f64 {
        let bytes: f64 = l.iter().map(|byte| f64::from(*byte)).sum();
        f64::from(a) + f64::from(b) + f64::from(c) + d as f64 + f64::from(e) + f64::from(f) + f64::from(g) + h as f64
            + f64::from(i) + j + k.len() as f64 + bytes + m.unwrap_or(0) as f64 + f64::from(n.x) + n.y
            + f64::from(u8::from(o))
    }
}

struct Named(String);

impl GuestThing for Named {
    fn new(name: String) -> Self {
        Named(name)
    }

    fn name(&self) -> String {
        self.0.clone()
    }

    fn join(left: Thing, right: ThingBorrow<'_>) -> Thing {
        Thing::new(Named(left.into_inner::<Named>().0 + &right.get::<Named>().0))
    }
}
