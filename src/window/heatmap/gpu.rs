//! Pipeline, textures and the paint callback. Plain textures throughout: the OpenGL fallback of the
//! window's renderer has no storage buffers.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};
use eframe::egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};

use super::{Grid, Shading, Sheet};

/// One sheet to draw in this frame.
pub(super) struct Picture {
    pub(super) sheet: Sheet,
    pub(super) grid: Grid,
    pub(super) shading: Shading,
    pub(super) target: wgpu::TextureFormat,
}

/// `Sheet` of the shader.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Pod, Zeroable)]
struct Uniform {
    origin: [i32; 2],
    tile: [u32; 2],
    pitch: [u32; 2],
    columns: u32,
    atlas_columns: u32,
    first: u32,
    heads: u32,
    queries: u32,
    keys: u32,
    relative: u32,
    linear_target: u32,
    gamma: f32,
    padding: f32,
}

/// What outlives a frame: one pipeline, and one set of textures per slot.
struct Store {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    slots: BTreeMap<u64, Slot>,
}

struct Slot {
    sheet_version: u64,
    colors_version: u64,
    uniform: wgpu::Buffer,
    atlas: wgpu::Texture,
    maxima: wgpu::Texture,
    colors: wgpu::Texture,
    bindings: wgpu::BindGroup,
}

impl CallbackTrait for Picture {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let store = resources.entry().or_insert_with(|| Store::new(device, self.target));
        store.update(device, queue, self);
        Vec::new()
    }

    fn paint(
        &self,
        _info: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let Some(store) = resources.get::<Store>() else { return };
        let Some(slot) = store.slots.get(&self.sheet.slot) else { return };
        pass.set_pipeline(&store.pipeline);
        pass.set_bind_group(0, &slot.bindings, &[]);
        pass.draw(0..3, 0..1);
    }
}

impl Picture {
    fn uniform(&self) -> Uniform {
        let Self { sheet, grid, shading, target } = self;
        Uniform {
            origin: grid.origin,
            tile: grid.tile.map(|side| side.max(1)),
            pitch: grid.pitch.map(|side| side.max(1)),
            columns: grid.columns.max(1),
            atlas_columns: sheet.atlas_columns(),
            first: grid.first,
            heads: grid.heads,
            queries: sheet.queries,
            keys: sheet.keys,
            relative: u32::from(shading.relative),
            linear_target: u32::from(target.is_srgb()),
            gamma: shading.gamma,
            padding: 0.0,
        }
    }

    /// Size of the texture that holds all matrices.
    fn atlas_size(&self) -> [u32; 2] {
        let columns = self.sheet.atlas_columns();
        [columns * self.sheet.keys, self.sheet.heads.div_ceil(columns) * self.sheet.queries]
    }
}

impl Store {
    fn new(device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let layout = bind_group_layout(device);
        Self { pipeline: pipeline(device, &layout, target), layout, slots: BTreeMap::new() }
    }

    fn update(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, picture: &Picture) {
        let [width, height] = picture.atlas_size();
        let most = device.limits().max_texture_dimension_2d;
        if width > most || height > most || picture.sheet.heads > most {
            self.slots.remove(&picture.sheet.slot);
            return;
        }
        let sheet = &picture.sheet;
        let fits = |slot: &Slot| {
            slot.atlas.width() == width && slot.atlas.height() == height && slot.maxima.width() == sheet.heads
        };
        if !self.slots.get(&sheet.slot).is_some_and(fits) {
            self.slots.insert(sheet.slot, Slot::new(device, &self.layout, [width, height], sheet.heads));
        }
        if let Some(slot) = self.slots.get_mut(&sheet.slot) {
            slot.write(queue, picture);
        }
    }
}

/// A version no sheet has: the first write always happens.
const NEVER: u64 = u64::MAX;

impl Slot {
    fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, atlas: [u32; 2], heads: u32) -> Self {
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("heatmap sheet"),
            size: size_of::<Uniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let atlas = texture(device, atlas, wgpu::TextureFormat::R32Float);
        let maxima = texture(device, [heads, 1], wgpu::TextureFormat::R32Float);
        let colors = texture(device, [256, 1], wgpu::TextureFormat::Rgba8Unorm);
        let bindings = bind(device, layout, &uniform, [&atlas, &maxima, &colors]);
        Self { sheet_version: NEVER, colors_version: NEVER, uniform, atlas, maxima, colors, bindings }
    }

    fn write(&mut self, queue: &wgpu::Queue, picture: &Picture) {
        let sheet = &picture.sheet;
        queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&picture.uniform()));
        if self.sheet_version != sheet.version {
            self.sheet_version = sheet.version;
            self.write_matrices(queue, sheet);
        }
        if self.colors_version != picture.shading.colors_version {
            self.colors_version = picture.shading.colors_version;
            let bytes: &[u8] = bytemuck::cast_slice(picture.shading.colors.as_slice());
            write(queue, &self.colors, [0, 0], [256, 1], bytes);
        }
    }

    fn write_matrices(&self, queue: &wgpu::Queue, sheet: &Sheet) {
        let area = (sheet.queries * sheet.keys) as usize;
        let columns = sheet.atlas_columns();
        let mut maxima = Vec::with_capacity(sheet.heads as usize);
        for (head, matrix) in (0u32..).zip(sheet.values.chunks_exact(area)) {
            let corner = [head % columns * sheet.keys, head / columns * sheet.queries];
            write(queue, &self.atlas, corner, [sheet.keys, sheet.queries], bytemuck::cast_slice(matrix));
            maxima.push(matrix.iter().copied().fold(0.0f32, f32::max));
        }
        write(queue, &self.maxima, [0, 0], [sheet.heads, 1], bytemuck::cast_slice(&maxima));
    }
}

fn texture(device: &wgpu::Device, [width, height]: [u32; 2], format: wgpu::TextureFormat) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("heatmap"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// Writes a block of four-byte texels.
fn write(queue: &wgpu::Queue, texture: &wgpu::Texture, [x, y]: [u32; 2], [width, height]: [u32; 2], bytes: &[u8]) {
    let info = wgpu::TexelCopyTextureInfo { origin: wgpu::Origin3d { x, y, z: 0 }, ..texture.as_image_copy() };
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
    queue.write_texture(info, bytes, layout, wgpu::Extent3d { width, height, depth_or_array_layers: 1 });
}

fn bind(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    uniform: &wgpu::Buffer,
    textures: [&wgpu::Texture; 3],
) -> wgpu::BindGroup {
    let views = textures.map(|texture| texture.create_view(&wgpu::TextureViewDescriptor::default()));
    let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() }];
    entries.extend(
        (1..).zip(&views).map(|(binding, view)| wgpu::BindGroupEntry {
            binding,
            resource: wgpu::BindingResource::TextureView(view),
        }),
    );
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("heatmap"), layout, entries: &entries })
}

fn bind_group_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry =
        |binding, ty| wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::FRAGMENT, ty, count: None };
    let uniform = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let texture = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: false },
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("heatmap"),
        entries: &[entry(0, uniform), entry(1, texture), entry(2, texture), entry(3, texture)],
    })
}

fn pipeline(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    target: wgpu::TextureFormat,
) -> wgpu::RenderPipeline {
    let module = &device.create_shader_module(wgpu::include_wgsl!("../../../shaders/heatmap.wgsl"));
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("heatmap"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    let compilation_options = wgpu::PipelineCompilationOptions::default();
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("heatmap"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some("cover"),
            compilation_options: compilation_options.clone(),
            buffers: &[],
        },
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some("color"),
            compilation_options,
            targets: &[Some(target.into())],
        }),
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        multiview_mask: None,
        cache: None,
    })
}
