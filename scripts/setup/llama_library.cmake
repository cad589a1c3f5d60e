# Makes llama-cpp-python build what the product loads, libllama and ggml, in fewer and larger steps.
# Its CMakeLists.txt includes this file after `project(llama_cpp)`: see CMAKE_PROJECT_<PROJECT-NAME>_INCLUDE in CMake's manual.

# llama-cpp-python forces the cache entry of this name on; a variable of the same name hides the entry.
set(LLAMA_BUILD_COMMON OFF)

# Most of libllama's sources are small and read the same large headers. Compiled 12 at a time, the headers are read once.
# Deferred to the end of the top directory, because the target does not exist yet. ggml-cpu cannot be built so: two of its
# sources define functions of the same name.
cmake_language(DEFER CALL set_target_properties llama PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)

# A wheel holds no symbolic links: a library with a version in its name would be packed three times.
function(name_libraries_without_version)
  foreach(library IN ITEMS llama ggml ggml-base ggml-blas ggml-cann ggml-cpu ggml-cuda ggml-hip ggml-metal ggml-musa ggml-rpc ggml-sycl ggml-vulkan)
    if(TARGET ${library})
      set_property(TARGET ${library} PROPERTY VERSION)
      set_property(TARGET ${library} PROPERTY SOVERSION)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER CALL name_libraries_without_version)
