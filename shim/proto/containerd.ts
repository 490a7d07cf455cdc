import { message, type MessageOf, one } from "./codec.ts";

/**
 * Of containerd's own services: what leads from a container to its image's blobs.
 *
 * @see {@link https://github.com/containerd/containerd/tree/v2.1.0/api/services}
 */
export const GetContainerRequest = message("GetContainerRequest", { id: one(1, "string") });
const ContainerRecord = message("Container", { id: one(1, "string"), image: one(3, "string") });
export const GetContainerResponse = message("GetContainerResponse", { container: one(1, ContainerRecord) });

const ImageDescriptor = message("Descriptor", {
  mediaType: one(1, "string"),
  digest: one(2, "string"),
  size: one(3, "int64"),
});
export const GetImageRequest = message("GetImageRequest", { name: one(1, "string") });
const ImageRecord = message("Image", { name: one(1, "string"), target: one(3, ImageDescriptor) });
export const GetImageResponse = message("GetImageResponse", { image: one(1, ImageRecord) });

export const ReadContentRequest = message("ReadContentRequest", {
  digest: one(1, "string"),
  offset: one(2, "int64"),
  size: one(3, "int64"),
});
export const ReadContentResponse = message("ReadContentResponse", { offset: one(1, "int64"), data: one(2, "bytes") });
export type ReadContentResponse = MessageOf<typeof ReadContentResponse>;
