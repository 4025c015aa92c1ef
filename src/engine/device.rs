//! The devices of this build and machine. CUDA and Metal are cargo features, since each needs its
//! maker's tools to build; a program built without them knows their names and says how to get them.

use candle_core::Device as Place;

use super::EngineError;
use crate::session::{Device, Say, Sentence, say};

/// The devices a session can ask for here, the processor first.
pub fn offered() -> Vec<Device> {
    let cuda = (0..cuda::count().unwrap_or(0)).map(Device::Cuda);
    let metal = (0..metal::count()).map(Device::Metal);
    std::iter::once(Device::Cpu).chain(cuda).chain(metal).collect()
}

/// Takes a device into use.
///
/// # Errors
/// [`EngineError::Device`] if this build or this machine lacks it.
pub fn open(asked: Device) -> Result<Place, EngineError> {
    let refused = |reason: Sentence, next: Sentence| EngineError::Device { name: asked.label(), reason, next };
    let opened = match asked {
        Device::Cpu => return Ok(Place::Cpu),
        Device::Cuda(_) if !cfg!(feature = "cuda") => {
            let reason = say!("this program was built without it");
            return Err(refused(reason, say!("build it with `--features cuda`, or set recipe.device to Cpu")));
        }
        Device::Metal(_) if !cfg!(feature = "metal") => {
            let reason = say!("this program was built without it");
            return Err(refused(reason, say!("build it with `--features metal`, or set recipe.device to Cpu")));
        }
        Device::Cuda(number) => {
            let next = || say!("check the driver, or set recipe.device to one that is there, such as Cpu");
            let there = cuda::count().map_err(|said| refused(say!("the driver says {said}", said), next()))?;
            if number >= there {
                return Err(refused(say!("this machine shows {there} such devices", there), next()));
            }
            Place::new_cuda(number)
        }
        Device::Metal(number) => Place::new_metal(number),
    };
    opened.map_err(|e| refused(e.said(), say!("check the driver, or set recipe.device to Cpu")))
}

/// Memory of the device that is free, bytes; `None` where it does not say.
pub fn free_memory(place: &Place) -> Option<u64> {
    match place {
        Place::Cpu => super::hub::memory::available(),
        Place::Cuda(_) => cuda::free(place),
        Place::Metal(_) => None,
    }
}

#[cfg(feature = "cuda")]
mod cuda {
    use candle_core::Device;
    use candle_core::cuda_backend::cudarc::driver::CudaContext;

    /// Cards the driver shows.
    ///
    /// # Errors
    /// Its words, where it shows none because it cannot be used.
    pub fn count() -> Result<usize, String> {
        let count = CudaContext::device_count().map_err(|said| said.to_string())?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Free memory of a card, bytes.
    pub fn free(device: &Device) -> Option<u64> {
        let stream = device.as_cuda_device().ok()?.cuda_stream();
        stream.context().mem_get_info().ok().map(|(free, _)| free as u64)
    }
}

#[cfg(not(feature = "cuda"))]
mod cuda {
    pub fn count() -> Result<usize, String> {
        Ok(0)
    }

    pub fn free(_: &candle_core::Device) -> Option<u64> {
        None
    }
}

mod metal {
    /// Apple's machines have one.
    pub fn count() -> usize {
        usize::from(cfg!(feature = "metal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_not_there_is_refused_with_the_next_step() {
        assert_eq!(offered()[0], Device::Cpu);
        assert!(open(Device::Cpu).unwrap().is_cpu());
        for missing in [Device::Cuda(99), Device::Metal(99)] {
            let Err(refused) = open(missing) else { continue };
            let said = refused.to_string();
            assert!(said.contains(&missing.label()) && said.contains("recipe.device"), "{said}");
        }
    }
}
