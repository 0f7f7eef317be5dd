//! Which files belong to a checkpoint by their names: its VAE (A1111's "Automatic") and the tiny autoencoder of its family.
//!
//! Looks at names and folders alone. What a file holds, [`super::config::vae_file`] and [`crate::nn::taesd`] tell.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Endings that a VAE beside a checkpoint has, in A1111's order.
const BESIDE: [&str; 3] = [".vae.pt", ".vae.ckpt", ".vae.safetensors"];
/// Endings of the files in a folder of VAEs, where A1111 looks for one.
const ENDINGS: [&str; 3] = [".pt", ".ckpt", ".safetensors"];
/// Folders of tiny autoencoders, in A1111, Forge and `ComfyUI`.
const TINY_FOLDERS: [&str; 4] = ["VAE-taesd", "vae_approx", "VAE-approx", "vae-approx"];

/// The VAE file that goes with a checkpoint file, among all `vaes` that there are and those beside it.
///
/// `NAME.vae.pt`, `.vae.ckpt` or `.vae.safetensors` beside it comes first; then the file of the same name; then, as in A1111, any VAE
/// whose name begins with the checkpoint's, the shortest of them. Diffusers folders have none.
pub fn automatic<'a>(checkpoint: &Path, vaes: impl IntoIterator<Item = &'a Path>) -> Option<PathBuf> {
    if checkpoint.is_dir() {
        return None;
    }
    let stem = checkpoint.file_stem()?.to_str()?;
    let parent = checkpoint.parent()?;
    let beside = |ending: &&str| Some(parent.join(format!("{stem}{ending}"))).filter(|path| path.is_file());
    if let Some(found) = BESIDE.iter().find_map(beside) {
        return Some(found);
    }
    let elsewhere = vaes.into_iter().filter(|path| ends(path, &ENDINGS)).map(Path::to_owned);
    let near = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let near = near.map(|entry| entry.path()).filter(|path| ends(path, &BESIDE));
    let rank = |path: &PathBuf| {
        let rest = &name(path)[stem.len()..];
        let mut endings = BESIDE.iter().chain(&ENDINGS);
        let surplus = endings.find_map(|ending| rest.strip_suffix(ending));
        (surplus.map_or(rest.len(), str::len), path.clone())
    };
    elsewhere
        .chain(near)
        .filter(|path| path != checkpoint && name(path).starts_with(stem))
        .min_by_key(rank)
}

/// The decoder of the tiny autoencoder (TAESD) for a checkpoint's family, from the folders near the checkpoint and below the `roots`.
pub fn tiny(checkpoint: &Path, is_xl: bool, roots: &[PathBuf]) -> Option<PathBuf> {
    let stem = if is_xl { "taesdxl_decoder" } else { "taesd_decoder" };
    // `models/Stable-diffusion/anime/model.safetensors` has them in `models/VAE-approx`.
    let near = checkpoint.ancestors().skip(1).take(3).map(Path::to_owned);
    let below = roots.iter().flat_map(|root| [root.clone(), root.join("models")]);
    near.chain(below).find_map(|folder| {
        let folders = TINY_FOLDERS
            .iter()
            .map(|name| folder.join(name))
            .chain([folder.clone()]);
        folders
            .flat_map(|folder| ["safetensors", "pth", "pt"].map(|ending| folder.join(format!("{stem}.{ending}"))))
            .find(|path| path.is_file())
    })
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap_or_default()
}

fn ends(path: &Path, endings: &[&str]) -> bool {
    endings.iter().any(|ending| name(path).ends_with(ending))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A tree of empty files; gives its folder.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, []).unwrap();
        }
        folder
    }

    /// What goes with `Stable-diffusion/fox.safetensors` among these files.
    fn of_fox(files: &[&str]) -> Option<String> {
        let files = [files, &["Stable-diffusion/fox.safetensors"]].concat();
        let tree = tree(&files);
        let vaes = files.iter().filter(|file| file.starts_with("VAE/"));
        let vaes: Vec<_> = vaes.map(|file| tree.path().join(file)).collect();
        let checkpoint = tree.path().join("Stable-diffusion/fox.safetensors");
        let found = automatic(&checkpoint, vaes.iter().map(PathBuf::as_path))?;
        Some(found.strip_prefix(tree.path()).unwrap().to_str().unwrap().to_owned())
    }

    #[test]
    fn a_vae_is_found_by_the_checkpoints_name() {
        let (beside, inside) = ("Stable-diffusion/fox.vae.safetensors", "VAE/fox.pt");
        assert_eq!(
            of_fox(&[inside, beside, "Stable-diffusion/fox.vae.pt"]).unwrap(),
            "Stable-diffusion/fox.vae.pt"
        );
        assert_eq!(of_fox(&[inside, beside]).unwrap(), beside);
        assert_eq!(of_fox(&["VAE/fox-sharp.pt", inside]).unwrap(), inside);
        assert_eq!(of_fox(&["VAE/deep/fox.vae.ckpt"]).unwrap(), "VAE/deep/fox.vae.ckpt");
        assert_eq!(
            of_fox(&["VAE/fox-sharp.safetensors", "VAE/fox-very-sharp.pt"]).unwrap(),
            "VAE/fox-sharp.safetensors"
        );
        assert_eq!(
            of_fox(&["VAE/a fox.pt", "VAE/Fox.pt", "VAE/fox.txt", "Stable-diffusion/fox.yaml"]),
            None
        );
    }

    #[test]
    fn tiny_decoders_are_found_near_and_below_the_roots() {
        let tree = tree(&[
            "models/Stable-diffusion/anime/fox.ckpt",
            "models/VAE-taesd/taesd_decoder.pth",
            "vae_approx/taesdxl_decoder.safetensors",
        ]);
        let fox = tree.path().join("models/Stable-diffusion/anime/fox.ckpt");
        let found = |is_xl| tiny(&fox, is_xl, &[tree.path().to_owned()]);
        assert_eq!(
            found(false).unwrap(),
            tree.path().join("models/VAE-taesd/taesd_decoder.pth")
        );
        assert_eq!(
            found(true).unwrap(),
            tree.path().join("vae_approx/taesdxl_decoder.safetensors")
        );
        assert_eq!(tiny(&fox, true, &[]), None);
    }
}
