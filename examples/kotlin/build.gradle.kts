// Apollo Kotlin in the module of an Android app that lies in this folder. Copy the parts, or adjust the paths.
plugins {
    id("com.android.application")
    id("com.apollographql.apollo") version "5.2.0" // from mavenCentral()
}

dependencies {
    implementation("com.apollographql.apollo:apollo-runtime:5.2.0")
}

apollo {
    service("accounts") {
        packageName.set("mx.example.accounts")
        schemaFiles.from("../../graphql/schema.graphql")
        srcDir("../../graphql/operations")
        srcDir("../../graphql/fragments")

        // minSdk 26 or desugaring, for java.time.
        mapScalar("DateTime", "java.time.Instant", "mx.example.accounts.InstantAdapter")
        // Folios of up to 19 digits, as strings of digits.
        mapScalar("BigInt", "kotlin.String", "com.apollographql.apollo.api.StringAdapter")

        // The ids of the documents, for a service with TRUSTED_DOCUMENTS.
        operationManifestFormat.set("persistedQueryManifest")
    }
}
