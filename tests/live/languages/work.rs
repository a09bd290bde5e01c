// SPDX-License-Identifier: Apache-2.0
//! What MCP servers in Rust do. Exits 0 when all worked.
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::time::Duration;
use std::{env, fs, thread};

fn main() {
    let (tx, rx) = mpsc::channel();
    for i in 0..50u64 {
        let tx = tx.clone();
        thread::spawn(move || tx.send(i).unwrap());
    }
    drop(tx);
    assert_eq!(rx.iter().sum::<u64>(), 1225);

    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    thread::spawn(move || {
        *other.0.lock().unwrap() = true;
        other.1.notify_all();
    });
    let mut done = pair.0.lock().unwrap();
    while !*done {
        done = pair.1.wait_timeout(done, Duration::from_secs(10)).unwrap().0;
    }

    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    cat.stdin.take().unwrap().write_all(b"through").unwrap();
    assert_eq!(cat.wait_with_output().unwrap().stdout, b"through");
    assert_eq!(Command::new("sh").args(["-c", "exit 7"]).status().unwrap().code(), Some(7));
    let mut sleeper = Command::new("sleep").arg("100").spawn().unwrap();
    sleeper.kill().unwrap();
    assert!(!sleeper.wait().unwrap().success());

    let (mut a, mut b) = UnixStream::pair().unwrap();
    a.write_all(b"x").unwrap();
    b.read_exact(&mut [0]).unwrap();
    let dir = env::temp_dir().join(format!("work-{}", std::process::id()));
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("file"), "x").unwrap();
    fs::copy(dir.join("file"), dir.join("copy")).unwrap();
    fs::hard_link(dir.join("file"), dir.join("link")).unwrap();
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 3);
    fs::remove_dir_all(&dir).unwrap();
    assert!(thread::available_parallelism().unwrap().get() > 0);
    eprintln!("worked");
}
