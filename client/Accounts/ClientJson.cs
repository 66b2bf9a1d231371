using System.Text.Json.Serialization;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>Source-generated JSON for what the core keeps in the sealed store.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(IdConverter), typeof(Base64UrlConverter)])]
[JsonSerializable(typeof(StoredSession))]
[JsonSerializable(typeof(Profile))]
[JsonSerializable(typeof(Pin))]
sealed partial class ClientJson : JsonSerializerContext;
