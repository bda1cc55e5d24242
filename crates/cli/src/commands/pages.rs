//! `completions` and `man`, generated from the arguments themselves.

use crate::exit::Exit;
use clap::{Args, Command};
use clap_complete::Shell;
use eyre::{Result, WrapErr};
use std::io::stdout;
use std::path::PathBuf;

// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    shell: Shell,
}

// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for every command into this folder, instead of the first one on stdout
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Result<Exit> {
        clap_complete::generate(self.shell, &mut command, "portcullis", &mut stdout());
        Ok(Exit::Done)
    }
}

impl Man {
    pub(crate) fn run(&self, command: Command) -> Result<Exit> {
        let cannot = "cannot write the pages";
        match &self.dir {
            Some(folder) => {
                std::fs::create_dir_all(folder).wrap_err(cannot)?;
                clap_mangen::generate_to(command, folder).wrap_err(cannot)?;
            }
            None => clap_mangen::Man::new(command).render(&mut stdout()).wrap_err(cannot)?,
        }
        Ok(Exit::Done)
    }
}
